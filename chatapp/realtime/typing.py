"""Who is typing where: told to the room at most once in three seconds a person."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Protocol

from chatapp.core.clock import Clock
from chatapp.core.events import Typing
from chatapp.core.models import Person, Room

EVERY_MS: Final = 3000
REMEMBERED: Final = 10_000


class Whisperer(Protocol):
    """Tells those who hear a room now."""

    def whisper(self, room_id: int, news: Typing, /, *, except_person: int) -> None: ...


class TypingBoard:
    """Passes typing on; keeps nothing but when each person was last heard."""

    def __init__(self, whisperer: Whisperer, clock: Clock) -> None:
        self._whisperer = whisperer
        self._clock = clock
        self._last: OrderedDict[tuple[int, int], int] = OrderedDict()

    def note(self, room: Room, person: Person, *, is_active: bool) -> None:
        key, now = (room.id, person.id), self._clock()
        if is_active and now - self._last.get(key, -EVERY_MS) < EVERY_MS:
            return
        if is_active:
            self._last[key] = now
            self._last.move_to_end(key)
        elif self._last.pop(key, None) is None:
            return
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        news = Typing(room.slug, person.username, person.display_name, is_active)
        self._whisperer.whisper(room.id, news, except_person=person.id)
