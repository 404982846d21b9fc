"""A clock that stands where a test puts it, waiting for what must come about by itself, and how long work takes."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 20.0
START = 1_790_000_000_000


class SettableClock:
    """Milliseconds since 1970; moves only when told to."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def passes(self, *, seconds: float = 0, minutes: float = 0, days: float = 0) -> None:
        self.now += int((seconds + minutes * 60 + days * 86_400) * 1000)


async def eventually(is_so: Callable[[], object]) -> None:
    """Return once it is so. Raises ``TimeoutError`` when it does not come about."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - nobody is there to set an event
            await asyncio.sleep(0.002)


def quickly(work: Callable[[], T], *, seconds: float) -> T:
    """What the work comes to. It fails when that takes longer three times running, in seconds of the processor.

    Without the collection of garbage, and the least of three: what else goes on is not meant.
    """
    for _ in range(3):
        gc.disable()
        started = time.process_time()
        try:
            done = work()
            took = time.process_time() - started
        finally:
            gc.enable()
        if took < seconds:
            return done
    raise AssertionError(f"It took {took:.2f} s.")
