"""Who is here in which room, and what somebody in some rooms may know of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec

from chatapp.core.models import Presence, Roommate

NOBODY: frozenset[int] = frozenset()


class Company:
    """Of those who are known: the rooms they are in, and whether they are shown as online or away."""

    def __init__(self) -> None:
        self._known: dict[int, Roommate] = {}
        self._shown: dict[int, Presence] = {}
        self._ids: dict[str, int] = {}
        self._rooms: defaultdict[int, set[int]] = defaultdict(set)

    def __contains__(self, person_id: int) -> bool:
        return person_id in self._known

    def __getitem__(self, person_id: int) -> Roommate:
        return self._known[person_id]

    def people(self) -> list[int]:
        return list(self._known)

    def presence(self, person_id: int) -> Presence:
        """As it is shown to those who may know."""
        return self._shown.get(person_id, "offline")

    def status(self, person_id: int) -> str:
        """As it is shown to those who may know; of who is not to be seen it is empty."""
        known = self._known.get(person_id)
        return "" if known is None or known.is_hidden else known.status

    def rooms(self, person_id: int) -> frozenset[int]:
        known = self._known.get(person_id)
        return NOBODY if known is None else known.rooms

    def learn(self, person_id: int, roommate: Roommate) -> None:
        """Where they are from now on."""
        gone, come = self.rooms(person_id) - roommate.rooms, roommate.rooms - self.rooms(person_id)
        self._known[person_id] = roommate
        self._leave(person_id, gone)
        if person_id in self._shown:
            self._enter(person_id, come)

    def part(self, person_id: int, room_id: int) -> None:
        known = self._known.get(person_id)
        if known is not None:
            self.learn(person_id, msgspec.structs.replace(known, rooms=known.rooms - {room_id}))

    def show(self, person_id: int, presence: Presence) -> None:
        known = self._known[person_id]
        if presence == "offline":
            self._shown.pop(person_id, None)
            self._ids.pop(known.username, None)
            self._leave(person_id, known.rooms)
        else:
            self._shown[person_id] = presence
            self._ids[known.username] = person_id
            self._enter(person_id, known.rooms)

    def forget(self, person_id: int) -> None:
        """Somebody who is not shown."""
        self._known.pop(person_id, None)

    def seen_from(self, rooms: Collection[int]) -> set[int]:
        """Everybody who is shown in one of these."""
        # The largest first: it mostly holds all who are here, and then no other needs to be looked at.
        found: set[int] = set()
        for room_id in sorted(rooms, key=lambda room_id: len(self._rooms.get(room_id, NOBODY)), reverse=True):
            found |= self._rooms.get(room_id, NOBODY)
            if len(found) == len(self._shown):
                break
        return found

    def presence_of(self, username: str, rooms: frozenset[int]) -> Presence:
        """Of one person, for somebody who is in these rooms."""
        person_id = self._ids.get(username)
        if person_id is None or not rooms & self._known[person_id].rooms:
            return "offline"
        return self._shown[person_id]

    def by_room(self, person_ids: Iterable[int]) -> Mapping[int, set[int]]:
        """Some people by the rooms they are in."""
        found: defaultdict[int, set[int]] = defaultdict(set)
        for person_id in person_ids:
            for room_id in self.rooms(person_id):
                found[room_id].add(person_id)
        return found

    def _enter(self, person_id: int, rooms: Iterable[int]) -> None:
        for room_id in rooms:
            self._rooms[room_id].add(person_id)

    def _leave(self, person_id: int, rooms: Iterable[int]) -> None:
        for room_id in rooms:
            people = self._rooms.get(room_id)
            if people is not None:
                people.discard(person_id)
                if not people:
                    del self._rooms[room_id]
