"""A clock that stands where a test puts it, and waiting for what must come about by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

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
