"""The board of who is here: what it tells whom, how seldom, and that it keeps nothing of who has gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping

import pytest

from chatapp.core.models import Roommate
from chatapp.realtime import presence, telling
from tests.realtime.stage import CROWD, GENERAL, Stage, told
from tests.support.house import until
from tests.support.listener import FakeListener


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


async def test_an_earlier_end_cuts_no_later_wait_short(stage: Stage) -> None:
    """One page is closed, and shortly before the wait for it is over another is loaded anew."""
    stage.board._grace = 60
    ear = stage.comes(1, is_watching=True)
    first, second, idle = stage.comes(2), stage.comes(2), stage.comes(2)
    stage.board.use(idle, is_active=False)
    await stage.rests()
    told(ear)
    stage.board.went(first, is_lost=False)
    earlier = stage.board._awaited[2]
    stage.board.went(second, is_lost=False)
    stage.board.use(idle, is_active=False)
    stage.board.went(idle, is_lost=True)
    await stage.rests()
    assert (told(ear), earlier.cancelled()) == ([], True)
    stage.comes(2)
    stage.board._wait_no_more(2)
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


@pytest.mark.parametrize("is_heard_at_once", [True, False])
async def test_that_somebody_hidden_leaves_a_room_tells_nobody_that_they_were_here(
    stage: Stage, is_heard_at_once: bool
) -> None:
    stage.hidden = {2}
    ear = stage.comes(1, is_watching=True)
    stage.comes(2)
    await stage.rests()
    assert [frame["online"] for frame in told(ear)] == [["person-1"]]
    stage.rooms[2] = set()
    if is_heard_at_once:
        stage.board.parted(2, GENERAL)
    stage.board.doubt([2])
    await stage.rests()
    assert told(ear) == []


async def test_who_goes_and_leaves_the_room_at_once_is_gone_for_those_who_saw_them(stage: Stage) -> None:
    ear = stage.comes(1, is_watching=True)
    other = stage.comes(2)
    await stage.rests()
    told(ear)
    stage.board.went(other, is_lost=True)
    stage.rooms[2] = set()
    stage.board.parted(2, GENERAL)
    await stage.rests()
    assert [frame["offline"] for frame in told(ear)] == [["person-2"]]


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


async def test_why_somebody_is_away_is_in_no_frame_while_they_hide(stage: Stage) -> None:
    ear, other = stage.comes(1, is_watching=True), stage.comes(2)
    stage.departed, stage.reasons = {2}, {2: "at lunch"}
    await stage.rests()
    assert told(ear)[0]["statuses"] == {"person-2": "at lunch"}
    stage.hidden = {2}
    stage.board.doubt([2])
    await stage.rests()
    (frame,) = told(ear)
    assert (frame["offline"], frame["statuses"]) == (["person-2"], {})
    stage.reasons = {2: "at dinner"}
    stage.board.doubt([2])
    stage.board.went(other, is_lost=True)
    newcomer = stage.comes(3, is_watching=True)
    await stage.rests()
    frames = told(ear) + told(newcomer)
    assert [frame["statuses"] for frame in frames] == [{}] * len(frames)
    assert "person-2" not in str(frames)


async def test_who_is_shut_out_leaves_no_reason(stage: Stage) -> None:
    ear, other = stage.comes(1, is_watching=True), stage.comes(2)
    stage.reasons = {2: "at lunch"}
    await stage.rests()
    told(ear)

    async def nobody(person_ids: Collection[int]) -> Mapping[int, Roommate]:
        return {}

    stage.board._read = nobody
    stage.board.doubt([2])
    await stage.rests()
    (frame,) = told(ear)
    assert (frame["offline"], frame["statuses"]) == (["person-2"], {})
    stage.board.went(other, is_lost=True)
