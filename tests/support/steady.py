"""An event loop whose clock stands still while the machine does.

A test machine stops for a second or two now and then. A timer that ran out meanwhile says nothing of what is tested:
nobody had the time in which to be quick or slow. So what the loop of a test counts is the time in which it could run.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Final

# Seconds. The loop looks up this often, and one look counts for no more than this.
LONGEST_WAIT: Final = 0.05
LONGEST_STEP: Final = 0.1


class _Wakeful(selectors.DefaultSelector):
    """Waits a little at a time, so that a long wait can be told from a machine that stood still."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(LONGEST_WAIT if timeout is None else min(timeout, LONGEST_WAIT))


class SteadyLoop(asyncio.SelectorEventLoop):
    """As asyncio's own, but for how it counts seconds."""

    def __init__(self) -> None:
        self._looked_at = self._now = time.monotonic()
        super().__init__(_Wakeful())

    def time(self) -> float:
        before, self._looked_at = self._looked_at, time.monotonic()
        self._now += min(self._looked_at - before, LONGEST_STEP)
        return self._now
