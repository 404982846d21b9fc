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
from collections.abc import Iterator
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


class Folder:
    """What is called how in it, by number, and what of that has reached the disk."""

    def __init__(self) -> None:
        self.live: dict[bytes, int] = {}
        self.kept: dict[bytes, int] = {}

    def sync(self) -> None:
        self.kept = dict(self.live)


class Forgetful(pyfuse3.Operations):  # type: ignore[misc]
    """Folders and files in memory. A name counts as written once the folder it is in was synced, an old one as gone."""

    def __init__(self, owner: int) -> None:
        super().__init__()
        self._owner = owner
        self._numbers = count(pyfuse3.ROOT_INODE + 1)
        self._files: dict[int, File] = {}
        self._folders = {pyfuse3.ROOT_INODE: Folder()}
        self._chance = random.Random(1)
        self._is_read_only = False

    async def setxattr(self, _inode: int, name: bytes, _value: bytes, _ctx: Any) -> None:
        if name == b"user.keep":
            for file in self._files.values():
                file.sync()
            for folder in self._folders.values():
                folder.sync()
        elif name == b"user.cut":
            self._cut()
        elif name in {b"user.refuse", b"user.take"}:
            self._is_read_only = name == b"user.refuse"

    def _cut(self) -> None:
        files, self._files = self._files, {}
        folders, self._folders = self._folders, {}
        left = [(pyfuse3.ROOT_INODE, folders[pyfuse3.ROOT_INODE])]
        for number, folder in left:
            found = self._folders[number] = Folder()
            for name, inode in folder.kept.items():
                # New numbers, so that nothing the kernel remembers of the old files is taken for the new.
                found.live[name] = next(self._numbers)
                if inode in files:
                    self._files[found.live[name]] = files[inode].after_cut(self._chance)
                else:
                    left.append((found.live[name], folders[inode]))
            found.sync()

    async def fsync(self, inode: int, _only_data: bool) -> None:
        self._file(inode).sync()

    async def fsyncdir(self, inode: int, _only_data: bool) -> None:
        self._folder(inode).sync()

    async def lookup(self, parent: int, name: bytes, _ctx: Any = None) -> Any:
        return self._attributes(self._named(parent, name))

    async def mkdir(self, parent: int, name: bytes, _mode: int, _ctx: Any) -> Any:
        self._changes()
        inode = self._folder(parent).live[name] = next(self._numbers)
        self._folders[inode] = Folder()
        return self._attributes(inode)

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
        inode = self._folder(parent).live[name] = next(self._numbers)
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
        self._named(parent, name)
        del self._folder(parent).live[name]

    async def rmdir(self, parent: int, name: bytes, _ctx: Any) -> None:
        if self._folder(self._named(parent, name)).live:
            raise pyfuse3.FUSEError(errno.ENOTEMPTY)
        await self.unlink(parent, name, _ctx)

    async def rename(self, source: int, old: bytes, target: int, new: bytes, _flags: int, _ctx: Any) -> None:
        self._changes()
        inode = self._named(source, old)
        del self._folder(source).live[old]
        self._folder(target).live[new] = inode

    async def opendir(self, inode: int, _ctx: Any) -> int:
        return inode

    async def readdir(self, folder: int, start: int, token: Any) -> None:
        found = sorted((inode, name) for name, inode in self._folder(folder).live.items() if inode > start)
        for inode, name in found:
            if not pyfuse3.readdir_reply(token, name, self._attributes(inode), inode):
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

    def _named(self, folder: int, name: bytes) -> int:
        inode = self._folder(folder).live.get(name)
        if inode is None:
            raise pyfuse3.FUSEError(errno.ENOENT)
        return inode

    def _folder(self, inode: int) -> Folder:
        if inode not in self._folders:
            # Of before the cut.
            raise pyfuse3.FUSEError(errno.EIO)
        return self._folders[inode]

    def _file(self, inode: int) -> File:
        if inode not in self._files:
            # Of before the cut.
            raise pyfuse3.FUSEError(errno.EIO)
        return self._files[inode]

    def _attributes(self, inode: int) -> Any:
        entry = pyfuse3.EntryAttributes()
        entry.st_ino, entry.st_uid, entry.st_gid = inode, self._owner, os.getgid()
        entry.entry_timeout = entry.attr_timeout = 0
        if inode in self._folders:
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
