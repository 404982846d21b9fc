"""Counters in bounded memory, which can be told what other processes have counted."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Final, Literal

from chatapp.core.clock import Clock

REMEMBERED: Final = 50_000
# What is worth telling the others: this part of what a key may use or hold. Each process may keep less to itself.
WORTH: Final = 1 / 8
# After so long without a word from it a process holds nothing: it was killed, or the way to it is gone.
HELD_MS: Final = 30_000

Key = int | str | tuple[int, int]
"""Whose counter it is, in a form that processes can tell each other."""
Step = Literal["count", "uncount", "clear"]


class Bucket:
    """A token bucket per key: ``burst`` at once, then ``per_minute``, evenly.

    ``tell``, where it is set, is called with a key and what was taken since the last time.
    """

    def __init__(self, burst: int, per_minute: int, clock: Clock) -> None:
        self.tell: Callable[[Key, int], None] | None = None
        self._burst = burst
        self._per_ms = per_minute / 60_000
        self._clock = clock
        self._left: OrderedDict[Key, tuple[float, int]] = OrderedDict()
        self._untold: OrderedDict[Key, int] = OrderedDict()

    def take(self, key: Key, amount: int = 1) -> int:
        """Take so many as soon as there is one, on credit; 0, or the milliseconds until there is one."""
        now = self._clock()
        left = self._left_at(now, key)
        wait = self._until_one(left)
        self._put(key, left if wait else left - amount, now)
        if self.tell is not None and not wait:
            self._tell(self.tell, key, amount)
        return wait

    def taken_elsewhere(self, key: Key, amount: int) -> None:
        """Take it without being asked, into debt if need be: by no more than a burst."""
        now = self._clock()
        self._put(key, max(self._left_at(now, key) - amount, -self._burst), now)

    def wait(self, key: Key) -> int:
        """Milliseconds until there is one; 0 when there is."""
        return self._until_one(self._left_at(self._clock(), key))

    def _tell(self, tell: Callable[[Key, int], None], key: Key, amount: int) -> None:
        amount += self._untold.pop(key, 0)
        if amount >= self._burst * WORTH:
            tell(key, amount)
        else:
            self._untold[key] = amount
            _forget(self._untold)

    def _put(self, key: Key, left: float, now: int) -> None:
        self._left[key] = (left, now)
        self._left.move_to_end(key)
        _forget(self._left)

    def _until_one(self, left: float) -> int:
        return 0 if left >= 1 else max(1, round((1 - left) / self._per_ms))

    def _left_at(self, now: int, key: Key) -> float:
        left, at = self._left.get(key, (float(self._burst), now))
        # A clock set back must not empty the bucket.
        return min(self._burst, left + max(0, now - at) * self._per_ms)


class Window:
    """At most ``most`` events per key in any ``window_ms`` milliseconds.

    ``tell``, where it is set, is called with each step and its key.
    """

    def __init__(self, most: int, window_ms: int, clock: Clock) -> None:
        self.tell: Callable[[Step, str], None] | None = None
        self._most = most
        self._window = window_ms
        self._clock = clock
        self._events: OrderedDict[str, deque[int]] = OrderedDict()

    def wait(self, key: str) -> int:
        """Milliseconds until one more fits; 0 when it fits now."""
        events = self._recent(key)
        return events[0] + self._window - self._clock() if len(events) >= self._most else 0

    def count(self, key: str) -> None:
        self._step("count", key)

    def uncount(self, key: str) -> None:
        """Take back the newest event."""
        self._step("uncount", key)

    def clear(self, key: str) -> None:
        self._step("clear", key)

    def stepped_elsewhere(self, step: Step, key: str, at: int) -> None:
        """Do what another process has done at that moment, by its clock."""
        match step:
            case "count":
                events = self._recent(key)
                # Behind the others, and never later than now, or it would be taken for one of a clock set back.
                events.append(max(min(at, self._clock()), events[-1] if events else 0))
                self._events[key] = events
                self._events.move_to_end(key)
                _forget(self._events)
            case "uncount":
                if counted := self._events.get(key):
                    counted.pop()
            case "clear":
                self._events.pop(key, None)

    def _step(self, step: Step, key: str) -> None:
        self.stepped_elsewhere(step, key, self._clock())
        if self.tell is not None:
            self.tell(step, key)

    def _recent(self, key: str) -> deque[int]:
        events = self._events.get(key, deque())
        if key in self._events:
            # Asked about counts as used: a flood of other names must not push out what is being guessed at.
            self._events.move_to_end(key)
        now = self._clock()
        # Events from the future are those of a clock that has been set back since.
        while events and not now - self._window < events[0] <= now:
            events.popleft()
        return events


class Places:
    """How many of something each key holds at once ``here``, at most ``most``, and what other processes say they have.

    ``tell``, where it is set, is called with a key and how many of it are here now, once those are worth a word.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self.tell: Callable[[Key, int], None] | None = None
        self._most = most
        self._clock = clock
        self.here: dict[Key, int] = {}
        self._told: set[Key] = set()
        self._elsewhere: dict[Key, dict[str, tuple[int, int]]] = {}

    def is_full(self, key: Key) -> bool:
        return self.here.get(key, 0) + self._count_elsewhere(key) >= self._most

    def take(self, key: Key) -> None:
        self._put(key, self.here.get(key, 0) + 1)

    def give_back(self, key: Key) -> None:
        self._put(key, self.here[key] - 1)

    def worth_telling(self) -> Iterator[tuple[Key, int]]:
        """What others must hear again and again to go on believing it."""
        return ((key, self.here.get(key, 0)) for key in self._told)

    def held_elsewhere(self, process: str, key: Key, count: int) -> None:
        """Another process has so many of it now."""
        held = self._elsewhere.setdefault(key, {})
        held[process] = (count, self._clock())
        if not count:
            del held[process]

    def forget_silent(self) -> None:
        """Forget what was not heard again."""
        oldest = self._clock() - HELD_MS
        for key, held in list(self._elsewhere.items()):
            self._elsewhere[key] = {process: said for process, said in held.items() if said[1] > oldest}
            if not self._elsewhere[key]:
                del self._elsewhere[key]

    def _count_elsewhere(self, key: Key) -> int:
        oldest = self._clock() - HELD_MS
        return sum(count for count, at in self._elsewhere.get(key, {}).values() if at > oldest)

    def _put(self, key: Key, count: int) -> None:
        self.here[key] = count
        if not count:
            del self.here[key]
        is_worth = count >= self._most * WORTH
        if self.tell is not None and (is_worth or key in self._told):
            # Once more when it falls below, as nothing: others would go on counting what is no more.
            self.tell(key, count if is_worth else 0)
            (self._told.add if is_worth else self._told.discard)(key)


def _forget(
    counters: OrderedDict[Key, tuple[float, int]] | OrderedDict[Key, int] | OrderedDict[str, deque[int]],
) -> None:
    while len(counters) > REMEMBERED:
        counters.popitem(last=False)
