"""Who is typing: told to the others in the room, seldom, and kept for nobody."""

from __future__ import annotations

import pytest

from chatapp.core.models import Person, Room
from chatapp.realtime import typing
from chatapp.realtime.hub import Hub
from chatapp.realtime.typing import TypingBoard
from tests.support.listener import FakeListener, listener, numbers, person, unframed
from tests.support.time import SettableClock

ROOM = Room(1, "general", "general", "", "open")
ADA, GRACE = person(1), person(2)


class Stage:
    """A room with Ada and Grace, and a board."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.clock = SettableClock()
        self.board = TypingBoard(self.hub, self.clock)
        self.ada, self.grace = self.enters(1), self.enters(2)

    def enters(self, number: int) -> FakeListener:
        ear = listener(number)
        self.hub.go_live(self.hub.join(ear, ROOM.id, ROOM.slug, numbers), 0, 0)
        return ear

    def types(self, who: Person, *, is_active: bool = True) -> None:
        self.board.note(ROOM, who, is_active=is_active)


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_the_others_hear_who_is_typing(stage: Stage) -> None:
    stage.types(ADA)
    assert [unframed(frame) for frame in stage.grace.frames] == [
        {"event": "typing", "room": "general", "username": "person-1", "display_name": "Person 1", "active": True}
    ]


async def test_nobody_hears_of_their_own_typing_on_any_socket(stage: Stage) -> None:
    other = stage.enters(1)
    stage.types(ADA)
    assert (stage.ada.frames, other.frames) == ([], [])


async def test_typing_is_told_once_in_three_seconds(stage: Stage) -> None:
    for _ in range(31):
        stage.types(ADA)
        stage.clock.passes(seconds=0.1)
    assert len(stage.grace.frames) == 2


async def test_each_person_is_counted_alone(stage: Stage) -> None:
    stage.types(ADA)
    stage.types(GRACE)
    assert (len(stage.ada.frames), len(stage.grace.frames)) == (1, 1)


async def test_stopping_is_told_at_once_and_once(stage: Stage) -> None:
    stage.types(ADA)
    stage.types(ADA, is_active=False)
    stage.types(ADA, is_active=False)
    assert [unframed(frame)["active"] for frame in stage.grace.frames] == [True, False]


async def test_who_never_typed_cannot_stop(stage: Stage) -> None:
    stage.types(ADA, is_active=False)
    assert stage.grace.frames == []


async def test_what_is_remembered_is_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typing, "REMEMBERED", 3)
    for number in range(10, 20):
        stage.types(person(number))
    assert len(stage.board._last) == 3


async def test_a_socket_that_is_behind_is_not_told(stage: Stage) -> None:
    late = listener(3)
    stage.hub.join(late, ROOM.id, ROOM.slug, numbers)
    stage.types(ADA)
    assert late.frames == []
