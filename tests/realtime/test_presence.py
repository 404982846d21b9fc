"""The board of who is here: what it tells whom, how seldom, and that it keeps nothing of who has gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

import pytest

from chatapp.core.errors import Unavailable
from chatapp.core.models import Presence, Roommate
from chatapp.realtime import presence, telling
from chatapp.realtime.hints import LARGEST, Present, encode
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
            each: Roommate(f"person-{each}", each in self.hidden, frozenset(self.rooms.get(each, {GENERAL})))
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


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(presence, "SOON_SECONDS", 0.0)
    monkeypatch.setattr(presence, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.0)
    return Stage()


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


async def test_a_crowd_that_comes_within_a_moment_is_one_frame(stage: Stage) -> None:
    ear = stage.comes(1, is_watching=True)
    await stage.rests()
    told(ear)
    for number in range(2, CROWD):
        stage.comes(number)
    await stage.rests()
    (frame,) = told(ear)
    assert (len(frame["online"]), frame["complete"]) == (CROWD - 2, False)


async def test_a_crowd_is_looked_up_together(stage: Stage) -> None:
    for number in range(CROWD):
        stage.comes(number)
    await stage.rests()
    assert sum(stage.reads) == CROWD
    assert len(stage.reads) <= CROWD / presence.READ_AT_ONCE + 1


async def test_what_does_not_last_is_not_told(stage: Stage) -> None:
    ear = stage.comes(1, is_watching=True)
    await stage.rests()
    told(ear)
    other = stage.comes(2)
    stage.board.use(other, is_active=False)
    stage.board.went(other, is_lost=True)
    await stage.rests()
    assert told(ear) == []


async def test_nothing_is_kept_of_those_who_have_gone(stage: Stage) -> None:
    for _ in range(3):
        ears = [stage.comes(number, is_watching=number % 2 == 0) for number in range(CROWD)]
        stage.hidden = {number for number in range(CROWD) if number % 5 == 0}
        stage.board.doubt(range(CROWD))
        await asyncio.sleep(0)
        for ear in ears:
            stage.board.went(ear, is_lost=False)
        await asyncio.sleep(0.01)
        await stage.rests()
    board, company, attendance = stage.board, stage.board._company, stage.board._attendance
    assert [board._listening, board._anew, board._unread, board._changed, board._parted] == [
        {},
        set(),
        set(),
        set(),
        set(),
    ]
    assert not any((company._known, company._shown, company._ids, company._rooms))
    assert not any((attendance._sockets, attendance._here, attendance._elsewhere))


async def test_who_could_not_be_written_to_is_told_everything_later(stage: Stage) -> None:
    ear = stage.comes(1, is_watching=True)
    await stage.rests()
    told(ear)
    ear.is_reading = False
    for number in range(2, 50):
        stage.comes(number)
    await until(lambda: stage.sees(1, 49) == "online")
    ear.is_reading = True
    await stage.rests()
    frames = told(ear)
    assert [frame["complete"] for frame in frames] == [True]
    assert len(frames[0]["online"]) == 49


async def test_many_names_are_told_in_parts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "PER_FRAME", 10)
    for number in range(2, 27):
        stage.comes(number)
    await stage.rests()
    ear = stage.comes(1, is_watching=True)
    await stage.rests()
    frames = told(ear)
    assert [frame["complete"] for frame in frames] == [True, False, False]
    assert len({name for frame in frames for name in frame["online"]}) == 26


async def test_nobody_is_told_of_who_is_in_no_room_with_them(stage: Stage) -> None:
    stage.rooms = {1: {10}, 2: {20}, 3: {10, 20}}
    one, two, three = (stage.comes(number, is_watching=True) for number in (1, 2, 3))
    await stage.rests()
    stage.board.use(two, is_active=False)
    await stage.rests()
    assert "person-2" not in json.dumps(told(one))
    assert "person-1" not in json.dumps(told(two))
    assert {name for frame in told(three) for name in (*frame["online"], *frame["away"])} == {
        "person-1",
        "person-2",
        "person-3",
    }
    assert (stage.sees(1, 2), stage.sees(3, 2), stage.sees(2, 1)) == ("offline", "away", "offline")


async def test_who_leaves_while_everybody_is_written_to_is_not_told_of(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is told at a time here, and the room is left after the first."""
    monkeypatch.setattr(presence, "WRITES_A_TURN", 1)
    ears = [stage.comes(number, is_watching=True) for number in range(1, 6)]
    leaver = stage.comes(9)
    await stage.rests()
    for ear in ears:
        told(ear)
    write, first = FakeListener.write, asyncio.Event()

    def noted(self: FakeListener, frames: bytes) -> bool:
        if not first.is_set():
            first.set()
            asyncio.get_running_loop().call_soon(leaves)
        return write(self, frames)

    def leaves() -> None:
        stage.rooms[9] = set()
        stage.board.parted(9, GENERAL)

    monkeypatch.setattr(FakeListener, "write", noted)
    stage.board.use(leaver, is_active=False)
    await stage.rests()
    heard = [told(ear) for ear in ears]
    assert sum("person-9" in frame["away"] for frames in heard for frame in frames) == 1
    assert all("person-9" in frames[-1]["offline"] for frames in heard)


async def test_while_the_database_is_away_nothing_is_lost(stage: Stage) -> None:
    stage.is_away = True
    ear = stage.comes(1, is_watching=True)
    stage.comes(2)
    await asyncio.sleep(0.05)
    assert told(ear) == []
    stage.is_away = False
    await stage.rests()
    assert sorted(told(ear)[0]["online"]) == ["person-1", "person-2"]


async def test_an_answer_that_is_over_is_not_used(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """They leave the room while it is looked up where they are."""
    stage.rooms = {1: {10}, 2: {10, 20}}
    for number in (1, 2):
        stage.comes(number)
    await stage.rests()
    read, seen = stage.read, []

    async def late(person_ids: Collection[int]) -> Mapping[int, Roommate]:
        seen.append(stage.sees(1, 2))
        found = await read(person_ids)
        if len(seen) == 1:
            stage.rooms[2] = {20}
            stage.board.parted(2, 10)
        return found

    monkeypatch.setattr(stage.board, "_read", late)
    stage.board.doubt([2])
    await stage.rests()
    assert seen == ["online", "offline"]


# Other processes


async def test_what_is_said_to_others_fits_into_a_hint(stage: Stage) -> None:
    for number in range(10**9, 10**9 + CROWD):
        stage.board.use(stage.comes(number), is_active=False)
    await stage.rests()
    stage.said.clear()
    await stage.board.beat()
    assert sum(len(hint.people) for hint in stage.said) == CROWD
    assert max(len(encode("0" * 16, hint)) for hint in stage.said) <= LARGEST


async def test_a_process_without_people_says_so_too(stage: Stage) -> None:
    await stage.board.beat()
    assert stage.said == [Present("here", ())]


async def test_who_is_new_is_answered_once(stage: Stage) -> None:
    stage.board.heard(Present("there", ()))
    stage.board.heard(Present("there", ()))
    assert len(stage.said) == 1


async def test_a_process_that_falls_silent_is_not_believed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "BELIEVED_SECONDS", 0.05)
    ear = stage.comes(1, is_watching=True)
    stage.board.heard(Present("there", ((2, "online"), (3, "away"))))
    stage.board.heard(Present("elsewhere", ((3, "away"),)))
    await until(lambda: (stage.sees(1, 2), stage.sees(1, 3)) == ("online", "away"))
    await asyncio.sleep(0.06)
    stage.board.heard(Present("elsewhere", ((3, "away"),)))
    await stage.board.beat()
    await until(lambda: stage.sees(1, 2) == "offline")
    assert (stage.sees(1, 3), list(stage.board._others)) == ("away", ["elsewhere"])
    assert told(ear)[-1]["offline"] == ["person-2"]


async def test_a_word_said_twice_or_too_late_changes_nothing(stage: Stage) -> None:
    ear = stage.comes(1, is_watching=True)
    stage.board.heard(Present("there", ((2, "online"),)))
    await until(lambda: stage.sees(1, 2) == "online")
    await stage.rests()
    told(ear)
    for presences in ((2, "online"), (3, "offline"), (4, "offline")):
        stage.board.heard(Present("there", (presences,)))
    await stage.rests()
    assert told(ear) == []
