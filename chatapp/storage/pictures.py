"""Copies of pictures, made by a process of its own: what a picture does to its decoder, it does not do to the chat."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

import msgspec

AT_ONCE: Final = 2
SECONDS: Final = 20
PROGRAM: Final = Path(__file__).with_name("redrawing.py")


class Picture(msgspec.Struct, frozen=True):
    """What a picture is by its bytes. ``width`` and ``height`` in pixels, the way it is to be looked at; ``copies``:
    what those take, in bytes."""

    media_type: str
    width: int
    height: int
    copies: int


class Pictures:
    """Draws pictures anew, two at a time, of each person one: whoever brings many keeps nobody else waiting."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._of_one: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def redrawn(self, path: Path, person_id: int) -> Picture | None:
        """Put copies beside the file that the person has brought; None for what is no picture, or one that takes more
        than it may."""
        own = self._of_one.setdefault(person_id, asyncio.Lock())
        async with own, self._turns:
            return await asyncio.to_thread(_redrawn, path)


def _redrawn(path: Path) -> Picture | None:
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and a name of our own
            [sys.executable, "-I", PROGRAM, path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            # Nothing of ours is its business.
            env={},
            cwd=path.parent,
            check=True,
        )
        return msgspec.json.decode(done.stdout, type=Picture)
    except (subprocess.SubprocessError, OSError, msgspec.MsgspecError):
        return None
