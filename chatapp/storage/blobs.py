"""Contents of files on disk, each once, under the SHA-256 of its bytes, never under what people call it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from chatapp.core.errors import TooLarge, Unavailable
from chatapp.core.files import HEAD, size
from chatapp.core.language import N_, _

FOLDER: Final = "files"
INCOMING: Final = "incoming"
# So much of an upload is in memory, at most.
PART: Final = 262_144
# Left free for what people say: a message must find room when a file does not.
RESERVE: Final = 67_108_864
# The copies of a picture that lie beside it.
COPIES: Final = ("thumbnail", "picture")
FULL: Final = N_("There is no room for files on the server's disk.")

_digest: Final = re.compile(r"[0-9a-f]{64}")


class Draft:
    """What is being received; it has its digest when all of it is on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.head = b""
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def add(self, part: bytes) -> None:
        """Append. Blocking. Raises ``OSError``, also when the draft has been thrown away meanwhile."""
        if shutil.disk_usage(self.path.parent).free < RESERVE + len(part):
            raise Unavailable(FULL)
        # Opened each time: a thread that outlives its upload holds nothing that somebody else closes.
        with self.path.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(part)
        self._hash.update(part)
        self.head = self.head or part[:HEAD]

    def beside(self) -> Iterator[Path]:
        """The paths of the copies, whether they are there or not."""
        for copy in COPIES:
            yield self.path.with_name(f"{self.path.name}.{copy}")


class Blobs:
    """All contents of one chat. Several machines that share a database share this folder too."""

    def __init__(self, data: Path) -> None:
        self._root = data / FOLDER

    @asynccontextmanager
    async def received(self, chunks: AsyncIterable[bytes], most: int) -> AsyncIterator[Draft]:
        """What comes in, on disk; it is gone after the block unless it was kept.

        Raises ``TooLarge`` as soon as there is more than ``most`` bytes, and ``Unavailable`` without room.
        """
        draft = self._begun()
        try:
            await _fill(draft, chunks, most)
            await asyncio.to_thread(sync, draft.path)
            yield draft
        except OSError as error:
            if isinstance(error, ConnectionError | TimeoutError):
                raise
            raise Unavailable(FULL) from error
        finally:
            # Not awaited: a cancelled upload leaves nothing either.
            for path in (draft.path, *draft.beside()):
                path.unlink(missing_ok=True)

    def keep(self, draft: Draft) -> None:
        """Give the draft its place, for good. Blocking; in the transaction that writes its row, and before that.

        There no other is written: what is thrown away as nobody's cannot be what has just been put there.
        """
        target = self.path(draft.digest)
        is_new = not target.parent.exists()
        target.parent.mkdir(mode=0o700, exist_ok=True)
        for source in (*draft.beside(), draft.path):
            if source.exists():
                hide_time(source, draft.digest)
                source.rename(target.with_name(target.name + source.suffix))
        sync(target.parent)
        if is_new:
            sync(self._root)
            # Which may be new as well.
            sync(self._root.parent)

    def path(self, digest: str, copy: str = "") -> Path:
        """Where a content is, or a copy of it."""
        if not _digest.fullmatch(digest) or copy not in ("", *COPIES):
            raise ValueError
        return self._root / digest[:2] / (f"{digest}.{copy}" if copy else digest)

    def copied(self, digest: str) -> int:
        """What the copies of a picture take, in bytes. Blocking."""
        return sum(path.stat().st_size for copy in COPIES if (path := self.path(digest, copy)).exists())

    def remove(self, digests: Collection[str]) -> None:
        """Blocking; in the transaction that deletes the last rows which name them."""
        for digest in digests:
            for copy in ("", *COPIES):
                self.path(digest, copy).unlink(missing_ok=True)

    def old(self, seconds: float) -> set[str]:
        """The digests of what was put there longer ago than that; of a copy, too, that a kill has left alone.
        Blocking."""
        before = time.time() - seconds
        found = ((_digest.match(path.name), path) for path in self._root.glob("[0-9a-f][0-9a-f]/*"))
        return {name[0] for name, path in found if name and _changed(path) < before}

    def clear_incoming(self, seconds: float = 0) -> None:
        """Take away what broken uploads have left, if it is so old. Blocking."""
        before = time.time() - seconds
        for path in (self._root / INCOMING).glob("*"):
            if _changed(path) <= before:
                path.unlink(missing_ok=True)

    def _begun(self) -> Draft:
        folder = self._root / INCOMING
        draft = Draft(folder / secrets.token_hex(16))
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.path.touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise Unavailable(FULL) from error
        return draft


def contents(root: Path) -> Iterator[Path]:
    """Every content under a folder of files, without the copies of pictures."""
    for folder in sorted(root.glob("[0-9a-f][0-9a-f]")):
        yield from (path for path in sorted(folder.iterdir()) if _digest.fullmatch(path.name))


def hide_time(path: Path, digest: str) -> None:
    """Have its time on the disk follow from what is in it. Blocking.

    Who fetches a file is told that time, and would learn of it when somebody else, in whatever room, has the same.
    """
    nanoseconds = int(digest[:15], 16)
    os.utime(path, ns=(nanoseconds, nanoseconds))


def digest_of(path: Path) -> str:
    """Of what is in the file. Blocking."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(PART):
            found.update(part)
    return found.hexdigest()


async def _fill(draft: Draft, chunks: AsyncIterable[bytes], most: int) -> None:
    waiting = bytearray()
    async for chunk in chunks:
        draft.size += len(chunk)
        if draft.size > most:
            raise TooLarge(_("A file may have {limit}; this one has more.").format(limit=size(most)))
        waiting += chunk
        if len(waiting) >= PART:
            await asyncio.to_thread(draft.add, bytes(waiting))
            waiting.clear()
    if waiting:
        await asyncio.to_thread(draft.add, bytes(waiting))


def _changed(path: Path) -> float:
    try:
        return path.stat().st_ctime
    except FileNotFoundError:
        return float("inf")


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """With those it is in, where they are missing, and all their names on the disk. Blocking."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(mode, parents=True, exist_ok=True)
    for each in new:
        sync(each.parent)


def sync(path: Path) -> None:
    """To the disk: a file, or the names in a folder. Blocking."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
