"""Has the housekeeping done: every minute what was seen is written down, every hour what is over is deleted.

Every minute the disk is looked at as well, so that the operator hears of it before messages are refused. Of several
processes on one database one does the deleting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

import structlog

from chatapp.domain.housekeeping import Housekeeping

MINUTE: Final = 60.0
HOUR: Final = 3600.0
# After a restart everybody comes back at once, and comes first.
FIRST: Final = 10.0
# What is deleted by a clock that is ahead when a machine comes up does not come back once it has been put right.
SETTLED: Final = 1800.0
LOW_SHARE: Final = 0.05

log = structlog.get_logger(__name__)


def machine_uptime() -> float:
    """Seconds since the machine came up."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class Housekeeper:
    """Runs while the context is open; on leaving, what was seen is written down once more.

    ``first``: seconds until the database is looked at for the first time. ``settled``: seconds for which the machine
    must have been up, by ``uptime``, until what is over is deleted. ``complains``: of a disk that is nearly full, at
    once. Of several processes on one machine one does.
    """

    def __init__(
        self,
        housekeeping: Housekeeping,
        *,
        minute: float = MINUTE,
        hour: float = HOUR,
        first: float = FIRST,
        settled: float = SETTLED,
        uptime: Callable[[], float] = machine_uptime,
        complains: bool = True,
    ) -> None:
        self._housekeeping = housekeeping
        self._minute = minute
        self._hour = hour
        self._first = first
        self._until_settled = max(first, settled - uptime())
        self._tasks: list[asyncio.Task[None]] = []
        self._is_low = False
        self._complains = complains

    async def __aenter__(self) -> Self:
        work = [
            ("note seen", self._minute, self._first, self._housekeeping.note_seen),
            ("free files", self._minute, self._first, self._housekeeping.free_files),
            ("sweep files", self._hour, self._first, self._housekeeping.sweep_files),
            ("tidy", self._hour, self._until_settled, self._tidy),
        ]
        self._tasks = [
            asyncio.create_task(_every(seconds, do, first=first), name=name) for name, seconds, first, do in work
        ]
        if self._complains:
            looking = _every(self._minute, self._look_at_the_disk)
            self._tasks.append(asyncio.create_task(looking, name="look at the disk"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await _tried(self._housekeeping.note_seen)

    async def _tidy(self) -> None:
        # A little less, or whoever did it last would find that its hour is not quite over.
        if await self._housekeeping.is_turn(int(self._hour * 1000 * 5 / 6)):
            await self._housekeeping.tidy()
            await self._housekeeping.count_copies()

    async def _look_at_the_disk(self) -> None:
        share = self._housekeeping.free_share()
        was_low, self._is_low = self._is_low, share < LOW_SHARE
        if self._is_low and not was_low:
            log.warning("disk.low", free=f"{share:.1%}", detail="Without room messages will be refused.")


async def _every(seconds: float, work: Callable[[], Awaitable[None]], *, first: float = 0) -> None:
    await asyncio.sleep(first)
    while True:
        await _tried(work)
        await asyncio.sleep(seconds)


async def _tried(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception as error:  # a full disk today must not end housekeeping for ever
        log.warning("housekeeping.trouble", error=str(error))
