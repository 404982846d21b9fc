"""A folder that forgets, when told to, whatever was written but not fsynced: what a power cut leaves behind.

Runs by itself under the system's Python, which has pyfuse3: ``forgetful.py MOUNTPOINT [OWNER]``. Setting the extended
attribute ``user.cut`` on the folder cuts the power, ``user.keep`` writes everything down, ``user.refuse`` makes it
read-only, as a kernel does with a disk it no longer trusts, and ``user.take`` takes that back.
"""

from __future__ import annotations

import errno
import os
import random
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, Final

import pyfuse3
import trio

BLOCK: Final = 4096


class File:
    """What processes see of a file, what has reached the disk, and what happened to it in between."""

    def __init__(self, mode: int, kept: bytes = b"") -> None:
        self.mode = mode
        self.live = bytearray(kept)
        self.changed_ns = time.time_ns()
        self._kept = bytearray(kept)
        self._unsynced: list[tuple[int, bytes | None]] = []

    def write(self, offset: int, data: bytes) -> None:
        self._do(offset, data)

    def truncate(self, size: int) -> None:
        self._do(size, None)

    def sync(self) -> None:
        for step in self._unsynced:
            _apply(self._kept, *step)
        self._unsynced.clear()

    def after_cut(self, chance: random.Random) -> File:
        """A disk writes what it was not told to write in any order, or not at all."""
        share = chance.choice((0.0, 0.0, 0.5))
        for step in self._unsynced:
            if chance.random() < share:
                _apply(self._kept, *step)
        return File(self.mode, bytes(self._kept))

    def _do(self, offset: int, data: bytes | None) -> None:
        _apply(self.live, offset, data)
        self._unsynced.append((offset, data))
        self.changed_ns = time.time_ns()


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    """Write ``data`` at ``offset``; None cuts or fills up to there."""
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    if data is None:
        del content[offset:]
    else:
        content[offset : offset + len(data)] = data


def _folder_of(path: bytes) -> bytes:
    """Of a file or folder; the outermost one is ``b""``."""
    return path.rpartition(b"/")[0]


def _in(folder: bytes, paths: Iterable[bytes]) -> set[bytes]:
    return {path for path in paths if _folder_of(path) == folder}


class Forgetful(pyfuse3.Operations):  # type: ignore[misc]
    """Folders and files in memory, by path. A name counts as written once the folder it is in was synced."""

    def __init__(self, owner: int) -> None:
        super().__init__()
        self._owner = owner
        self._folders: dict[bytes, int] = {b"": pyfuse3.ROOT_INODE}
        self._kept_folders = {b""}
        self._numbers = count(pyfuse3.ROOT_INODE + 1)
        self._files: dict[int, File] = {}
        self._names: dict[bytes, int] = {}
        self._kept_names: dict[bytes, int] = {}
        self._chance = random.Random(1)
        self._is_read_only = False

    async def setxattr(self, _inode: int, name: bytes, _value: bytes, _ctx: Any) -> None:
        if name == b"user.keep":
            for file in self._files.values():
                file.sync()
            self._kept_names, self._kept_folders = dict(self._names), set(self._folders)
        elif name == b"user.cut":
            self._cut()
        elif name in {b"user.refuse", b"user.take"}:
            self._is_read_only = name == b"user.refuse"

    def _cut(self) -> None:
        # New numbers, so that nothing the kernel remembers of the old files is taken for the new.
        folders = {path for path in self._kept_folders if self._is_reached(path)}
        self._folders = {path: next(self._numbers) for path in folders - {b""}} | {b"": pyfuse3.ROOT_INODE}
        left = {
            path: self._files[inode].after_cut(self._chance)
            for path, inode in self._kept_names.items()
            if _folder_of(path) in folders
        }
        self._names = {path: next(self._numbers) for path in left}
        self._files = {self._names[path]: file for path, file in left.items()}
        self._kept_names, self._kept_folders = dict(self._names), set(self._folders)

    def _is_reached(self, folder: bytes) -> bool:
        return folder in self._kept_folders and (not folder or self._is_reached(_folder_of(folder)))

    async def fsync(self, inode: int, _only_data: bool) -> None:
        self._file(inode).sync()

    async def fsyncdir(self, inode: int, _only_data: bool) -> None:
        folder = self._path(inode)
        for path in _in(folder, self._kept_names):
            del self._kept_names[path]
        self._kept_names |= {path: self._names[path] for path in _in(folder, self._names)}
        self._kept_folders -= _in(folder, self._kept_folders) - {b""}
        self._kept_folders |= _in(folder, self._folders)

    async def lookup(self, parent: int, name: bytes, _ctx: Any = None) -> Any:
        path, known = self._path(parent, name), {**self._names, **self._folders}
        if path not in known:
            raise pyfuse3.FUSEError(errno.ENOENT)
        return self._attributes(known[path])

    async def mkdir(self, parent: int, name: bytes, _mode: int, _ctx: Any) -> Any:
        self._changes()
        path = self._path(parent, name)
        self._folders[path] = next(self._numbers)
        return self._attributes(self._folders[path])

    async def getattr(self, inode: int, _ctx: Any = None) -> Any:
        return self._attributes(inode)

    async def setattr(self, inode: int, wanted: Any, fields: Any, _handle: Any, _ctx: Any) -> Any:
        if inode in self._files and fields.update_size:
            self._changes()
            self._files[inode].truncate(wanted.st_size)
        if inode in self._files and fields.update_mode:
            self._files[inode].mode = wanted.st_mode
        return self._attributes(inode)

    async def create(self, parent: int, name: bytes, mode: int, _flags: int, _ctx: Any) -> Any:
        self._changes()
        inode = self._names[self._path(parent, name)] = next(self._numbers)
        self._files[inode] = File(mode)
        return pyfuse3.FileInfo(fh=inode), self._attributes(inode)

    async def open(self, inode: int, flags: int, _ctx: Any) -> Any:
        file = self._file(inode)
        if flags & (os.O_WRONLY | os.O_RDWR):
            self._changes()
        if flags & os.O_TRUNC:
            file.truncate(0)
        return pyfuse3.FileInfo(fh=inode)

    async def read(self, inode: int, offset: int, size: int) -> bytes:
        return bytes(self._file(inode).live[offset : offset + size])

    async def write(self, inode: int, offset: int, data: bytes) -> int:
        self._changes()
        self._file(inode).write(offset, bytes(data))
        return len(data)

    async def unlink(self, parent: int, name: bytes, _ctx: Any) -> None:
        self._changes()
        if self._names.pop(self._path(parent, name), None) is None:
            raise pyfuse3.FUSEError(errno.ENOENT)

    async def rename(self, source: int, old: bytes, target: int, new: bytes, _flags: int, _ctx: Any) -> None:
        self._changes()
        inode = self._names.pop(self._path(source, old), None)
        if inode is None:
            raise pyfuse3.FUSEError(errno.ENOENT)
        self._names[self._path(target, new)] = inode

    async def opendir(self, inode: int, _ctx: Any) -> int:
        return inode

    async def readdir(self, folder: int, start: int, token: Any) -> None:
        known = {**self._names, **self._folders}
        for number, path in list(enumerate(sorted(_in(self._path(folder), known.keys() - {b""})), 1))[start:]:
            if not pyfuse3.readdir_reply(token, path.rpartition(b"/")[2], self._attributes(known[path]), number):
                return

    async def access(self, _inode: int, _mode: int, _ctx: Any) -> bool:
        return True

    async def flush(self, _inode: int) -> None:
        """Closing a file writes nothing down."""

    async def release(self, _inode: int) -> None:
        """Nor does forgetting about it."""

    async def statfs(self, _ctx: Any) -> Any:
        found = pyfuse3.StatvfsData()
        found.f_bsize = found.f_frsize = BLOCK
        found.f_blocks = found.f_bfree = found.f_bavail = 2**20
        found.f_files = found.f_ffree = found.f_favail = 2**20
        found.f_namemax = 255
        return found

    def _changes(self) -> None:
        if self._is_read_only:
            raise pyfuse3.FUSEError(errno.EROFS)

    def _path(self, folder: int, name: bytes = b"") -> bytes:
        """Of what is called so in that folder, or of the folder itself."""
        path = next((path for path, inode in self._folders.items() if inode == folder), None)
        if path is None:
            # Of before the cut.
            raise pyfuse3.FUSEError(errno.EIO)
        return b"/".join(filter(None, (path, name)))

    def _file(self, inode: int) -> File:
        if inode not in self._files:
            # Of before the cut.
            raise pyfuse3.FUSEError(errno.EIO)
        return self._files[inode]

    def _attributes(self, inode: int) -> Any:
        entry = pyfuse3.EntryAttributes()
        entry.st_ino, entry.st_uid, entry.st_gid = inode, self._owner, os.getgid()
        entry.entry_timeout = entry.attr_timeout = 0
        if inode in self._folders.values():
            entry.st_mode, entry.st_nlink = stat.S_IFDIR | 0o700, 2
            return entry
        file = self._file(inode)
        entry.st_mode, entry.st_size = stat.S_IFREG | stat.S_IMODE(file.mode), len(file.live)
        entry.st_blksize, entry.st_blocks = BLOCK, -(-len(file.live) // 512)
        entry.st_mtime_ns = entry.st_ctime_ns = entry.st_atime_ns = file.changed_ns
        return entry


def options(owner: int) -> Iterator[str]:
    yield from pyfuse3.default_options
    yield "fsname=forgetful"
    if owner != os.getuid():
        yield "allow_other"


if __name__ == "__main__":
    owner = int(sys.argv[2]) if len(sys.argv) > 2 else os.getuid()
    pyfuse3.init(Forgetful(owner), sys.argv[1], set(options(owner)))
    try:
        trio.run(pyfuse3.main)
    finally:
        pyfuse3.close()
