"""What is to be told of who is here, to somebody in some rooms; frames are made once for all who may know the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from chatapp.core import events
from chatapp.core.models import Presence
from chatapp.realtime.company import NOBODY, Company
from chatapp.realtime.frames import text_frame

PER_FRAME: Final = 1000

Said = tuple[str, Presence, str]
"""A username, whether they are here, and why not."""


class Telling:
    """``news``: people who are shown otherwise than before; ``parted``: people and the rooms they are no longer in."""

    def __init__(self, company: Company, news: Collection[int], parted: Iterable[tuple[int, int]]) -> None:
        self._company = company
        self._news = news
        self._parted: defaultdict[int, set[int]] = defaultdict(set)
        for person_id, room_id in parted:
            self._parted[room_id].add(person_id)
        self._made: dict[tuple[bool, frozenset[int], frozenset[int]], bytes] = {}
        self.look_again()

    def look_again(self) -> None:
        """To be called when somebody has left a room."""
        self._where = self._company.by_room(self._news)
        self._largest = max(self._where, key=lambda room_id: len(self._where[room_id]), default=-1)

    def changes(self, person_id: int) -> bytes:
        """For who has heard all before; b"" where there is nothing."""
        rooms = self._company.rooms(person_id)
        news, gone = self._news_in(rooms), self._gone_from(rooms)
        return self._frames(news, gone, is_complete=False) if news or gone else b""

    def everything(self, person_id: int) -> bytes:
        """For who has heard nothing yet."""
        shown = frozenset(self._company.seen_from(self._company.rooms(person_id)))
        return self._frames(shown, NOBODY, is_complete=True)

    def _news_in(self, rooms: frozenset[int]) -> frozenset[int]:
        if self._largest in rooms and len(self._where[self._largest]) == len(self._news):
            return frozenset(self._news)
        return frozenset(person_id for room_id in self._where.keys() & rooms for person_id in self._where[room_id])

    def _gone_from(self, rooms: frozenset[int]) -> frozenset[int]:
        """Of those who were in a room with them, who now is in none."""
        left = (person_id for room_id in self._parted.keys() & rooms for person_id in self._parted[room_id])
        return frozenset(each for each in left if each in self._company and not rooms & self._company.rooms(each))

    def _frames(self, people: frozenset[int], gone: frozenset[int], *, is_complete: bool) -> bytes:
        key = (is_complete, people, gone)
        frames = self._made.get(key)
        if frames is None:
            said: list[Said] = [(self._company[each].username, "offline", "") for each in gone]
            said += [
                (self._company[each].username, self._company.presence(each), self._company.status(each))
                for each in people
            ]
            frames = self._made[key] = b"".join(_parts(said, is_complete=is_complete))
        return frames


def _parts(said: list[Said], *, is_complete: bool) -> Iterable[bytes]:
    """Frames of a bearable size; only the first may say that it is complete, since the others add to it."""
    for start in range(0, max(len(said), 1), PER_FRAME):
        part = said[start : start + PER_FRAME]
        names = {presence: tuple(name for name, each, _ in part if each == presence) for presence in PRESENCES}
        statuses = {name: status for name, _, status in part if status}
        news = events.Presence(**names, complete=is_complete and start == 0, statuses=statuses)
        yield text_frame(events.encode(news))


PRESENCES: Final[tuple[Presence, ...]] = ("online", "away", "offline")
