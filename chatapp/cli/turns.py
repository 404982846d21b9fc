"""Short turns of the event loop: of many sockets that are ready at once a few are served, then whatever else waits."""

from __future__ import annotations

import selectors
import time
from collections import deque
from typing import Final

LEAST: Final = 8
MOST: Final = 64
MORE: Final = 4
# Of this thread's own work: that others have the core says nothing about how much there is to do.
LONG_SECONDS: Final = 0.005
SHORT_SECONDS: Final = 0.0025

Ready = list[tuple[selectors.SelectorKey, int]]


class ShortTurns(selectors.DefaultSelector):
    """Hands over few of those that are ready, the others next time, before it looks for new ones.

    Few are more where that is done quickly: messages that come in one turn share a commit.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[tuple[selectors.SelectorKey, int]] = deque()
        self._share = LEAST
        self._taken = 0
        self._began = time.thread_time()

    def select(self, timeout: float | None = None) -> Ready:
        self._adapt(time.thread_time() - self._began)
        if not self._waiting:
            self._waiting.extend(super().select(timeout))
        ready = self._some()
        self._taken, self._began = len(ready), time.thread_time()
        return ready

    def _adapt(self, spent: float) -> None:
        if spent > LONG_SECONDS:
            self._share = max(LEAST, self._share // 2)
        elif spent < SHORT_SECONDS and self._taken == self._share:
            self._share = min(MOST, self._share + MORE)

    def _some(self) -> Ready:
        ready: Ready = []
        known = self.get_map()
        while self._waiting and len(ready) < self._share:
            key, events = self._waiting.popleft()
            # Closed meanwhile, perhaps, or no longer waited for.
            now = known.get(key.fd)
            if now is not None and events & now.events:
                ready.append((now, events & now.events))
        return ready
