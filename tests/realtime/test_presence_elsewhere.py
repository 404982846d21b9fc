"""Who is here, as processes say it to each other: again and again, and believed for a while."""

from __future__ import annotations

import asyncio

import pytest

from chatapp.realtime import presence
from chatapp.realtime.hints import LARGEST, Present, encode
from tests.realtime.stage import CROWD, Stage, told
from tests.support.house import until


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
    assert (stage.sees(1, 3), list(stage.board.others)) == ("away", ["elsewhere"])
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
