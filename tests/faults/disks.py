"""Disks that go wrong on purpose, and what the machine must have for them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.support.needs import needs

SYSTEM_PYTHON: Final = "/usr/bin/python3"
LAYER: Final = Path(__file__).with_name("forgetful.py")
MOUNT_SECONDS: Final = 60.0


async def succeeds(*words: str) -> bool:
    """Whether that command can be run and ends well."""
    if shutil.which(words[0]) is None:
        return False
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait() == 0


class ForgetfulDisk:
    """The folder of ``forgetful.py``, empty at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self) -> None:
        """Write everything down."""
        os.setxattr(self.folder, "user.keep", b"1")

    def cut(self) -> None:
        """The power goes and comes back: what was not fsynced is gone. Nobody may have a file open."""
        os.setxattr(self.folder, "user.cut", b"1")

    def refuses(self) -> None:
        """Read-only from here on, also for who has files open: what a kernel makes of a disk it no longer trusts."""
        os.setxattr(self.folder, "user.refuse", b"1")

    def takes(self) -> None:
        """Writable again."""
        os.setxattr(self.folder, "user.take", b"1")


@asynccontextmanager
async def forgetful_disk(folder: Path, *, owner: int | None = None) -> AsyncIterator[ForgetfulDisk]:
    """``owner``: somebody else, by number, whose files they shall be; only root can give them away."""
    needs("FUSE (fuse3, python3-pyfuse3, /dev/fuse)", is_there=os.access("/dev/fuse", os.W_OK))
    is_there = shutil.which("fusermount3") and await succeeds(SYSTEM_PYTHON, "-c", "import pyfuse3, trio")
    needs("FUSE (fuse3, python3-pyfuse3, /dev/fuse)", is_there=bool(is_there))
    process = await asyncio.create_subprocess_exec(
        *(SYSTEM_PYTHON, str(LAYER), str(folder)), *([] if owner in (None, os.geteuid()) else [str(owner)])
    )
    try:
        async with asyncio.timeout(MOUNT_SECONDS):
            while not os.path.ismount(folder) and process.returncode is None:  # noqa: ASYNC110, ASYNC240
                await asyncio.sleep(0.02)
        yield ForgetfulDisk(folder)
    finally:
        await succeeds("fusermount3", "-u", "-z", str(folder))
        await asyncio.wait_for(process.wait(), MOUNT_SECONDS)


class FailingDisk:
    """Calls of one process that fail by chance (libfiu). ``words`` go before its command."""

    def __init__(self, folder: Path) -> None:
        self._pipe = folder / "fiu"
        self.words = ("fiu-run", "-x", "-f", str(self._pipe))

    async def fails(self, pid: int, calls: Mapping[str, tuple[float, int]]) -> None:
        """From here on those calls fail with that probability and that errno."""
        for call, (probability, number) in calls.items():
            await self._tell(pid, f"enable_random name={call},probability={probability},failinfo={number}")

    async def works(self, pid: int, calls: Iterable[str]) -> None:
        for call in calls:
            await self._tell(pid, f"disable name={call}")

    async def _tell(self, pid: int, command: str) -> None:
        assert await succeeds("fiu-ctrl", "-f", str(self._pipe), "-c", command, str(pid))


def failing_disk(folder: Path) -> FailingDisk:
    needs("libfiu (fiu-utils)", is_there=shutil.which("fiu-run") is not None)
    return FailingDisk(folder)


class SmallDisk:
    """A file system of its own with little room, and ballast that fills it to the last byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fills(self) -> None:
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass

    def empties(self) -> None:
        self._ballast.unlink()


@asynccontextmanager
async def small_disk(folder: Path, *, mebibytes: int, files: int = 0) -> AsyncIterator[SmallDisk]:
    """``files``: how many it takes, folders included; 0 for as many as there is room for."""
    options = f"size={mebibytes}m,nr_inodes={files},mode=700"
    is_there = await succeeds("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    needs("The right to mount (root)", is_there=is_there)
    try:
        yield SmallDisk(folder)
    finally:
        assert await succeeds("umount", "-l", str(folder))
