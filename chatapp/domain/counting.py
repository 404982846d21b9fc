"""What the counters of several processes tell each other: tries by notices, in order; pace and sockets by hints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatapp.core.counters import HELD_MS, Key
from chatapp.core.limits import Limits
from chatapp.core.notices import Counted
from chatapp.realtime.hints import Held, Taken

# Before what was said is forgotten, even if two of three are lost.
HELD_SECONDS: Final = HELD_MS / 4000
HELD_AT_ONCE: Final = 100


class Counting:
    """The limits of this process, as one of several."""

    def __init__(self, limits: Limits) -> None:
        self.is_on = limits.is_on
        self._limits = limits
        self._process = ""
        self._publish: Callable[[Taken | Held], None] = lambda _hint: None

    def begin(self, publish: Callable[[Taken | Held], None], process: str) -> None:
        """Tell the others from now on, under that name."""
        self._process = process
        self._publish = publish
        self._limits.share(self._taken, self._held)

    def counted(self) -> list[Counted]:
        """The notice of what was tried here since the last one, if anything was."""
        steps = self._limits.steps()
        return [Counted(self._process, steps)] if steps else []

    def count(self, notice: Counted) -> None:
        """What others have counted; one's own is counted already."""
        if notice.process != self._process:
            for step in notice.steps:
                self._limits.stepped_elsewhere(*step)

    def heard(self, hint: Taken | Held) -> None:
        if isinstance(hint, Taken):
            self._limits.taken_elsewhere(hint.name, hint.key, hint.amount)
        else:
            for name, key, count in hint.places:
                self._limits.held_elsewhere(hint.process, name, key, count)

    async def say_held(self) -> None:
        """Again, since others forget what they do not hear again."""
        places = [(name, *each) for name, held in self._limits.places().items() for each in held.worth_telling()]
        for first in range(0, len(places), HELD_AT_ONCE):
            self._publish(Held(self._process, tuple(places[first : first + HELD_AT_ONCE])))
        for held in self._limits.places().values():
            held.forget_silent()

    def _taken(self, name: str, key: Key, amount: int) -> None:
        self._publish(Taken(name, key, amount))

    def _held(self, name: str, key: Key, count: int) -> None:
        self._publish(Held(self._process, ((name, key, count),)))
