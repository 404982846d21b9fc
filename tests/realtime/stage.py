"""A board of who is here, people before it, and what the sockets of those who watch are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from chatapp.core.errors import Unavailable
from chatapp.core.models import Presence, Roommate
from chatapp.realtime.hints import Present
from chatapp.realtime.presence import PresenceBoard
from tests.support.house import until
from tests.support.listener import FakeListener, listener
from tests.support.rounds import rounds

GENERAL: Final = 1
CROWD: Final = rounds(300, 1000)


class Stage:
    """People who are all in one room, until a test says otherwise."""

    def __init__(self) -> None:
        self.rooms: dict[int, set[int]] = {}
        self.hidden: set[int] = set()
        self.departed: set[int] = set()
        self.reasons: dict[int, str] = {}
        self.is_away = False
        self.reads: list[int] = []
        self.said: list[Present] = []
        self.board = PresenceBoard(self.read, heartbeat=25)
        self.board.says_to(self.said.append, "here")

    async def read(self, person_ids: Collection[int]) -> Mapping[int, Roommate]:
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable
        self.reads.append(len(person_ids))
        return {
            each: Roommate(
                f"person-{each}",
                each in self.hidden,
                each in self.departed,
                frozenset(self.rooms.get(each, {GENERAL})),
                self.reasons.get(each, ""),
            )
            for each in person_ids
        }

    def comes(self, number: int, *, is_watching: bool = False) -> FakeListener:
        ear = listener(number)
        self.board.came(ear)
        if is_watching:
            self.board.use(ear, is_active=True)
        return ear

    async def rests(self) -> None:
        """Until there is nothing more to tell."""
        await until(lambda: self.board._speaking is None or self.board._speaking.done())

    def sees(self, number: int, other: int) -> Presence:
        return self.board.presence_of(f"person-{other}", frozenset(self.rooms.get(number, {GENERAL})))


def told(ear: FakeListener) -> list[dict[str, Any]]:
    """The frames it got, and it has none afterwards."""
    frames, ear.frames = b"".join(ear.frames), []
    found = []
    while frames:
        size, head = frames[1], 2
        if size == 126:
            size, head = int.from_bytes(frames[2:4], "big"), 4
        found.append(json.loads(frames[head : head + size]))
        frames = frames[head + size :]
    return found
