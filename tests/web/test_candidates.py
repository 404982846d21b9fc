"""Who may be meant by the beginning of a name, over REST."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatapp.core.limits import ACTS
from chatapp.domain.chat import Chat
from tests.support.cast import Actor, Given
from tests.web.script import Script, problem

GENERAL = "/api/v1/rooms/general/candidates"


async def found(script: Script, slug: str, wanted: str) -> list[Any]:
    answer = await script.gets(f"/api/v1/rooms/{slug}/candidates?q={wanted}")
    return [(each["username"], each["is_member"]) for each in answer["candidates"]]


async def test_members_come_first_and_then_those_whose_names_begin_with_it(
    given: Given, ada: Actor, ada_script: Script
) -> None:
    zoe = await given.person("zoe", display_name="Zoé Maria")
    await given.person("maria")
    await given.person("annamaria")
    room = await given.room("Ops", owner=ada, members=[zoe])
    assert await found(ada_script, room.slug, "mar") == [("zoe", True), ("maria", False), ("annamaria", False)]
    assert await found(ada_script, room.slug, "ZO%C3%89") == [("zoe", True)]


async def test_in_a_conversation_there_are_only_its_two(
    given: Given, ada: Actor, grace: Actor, chat: Chat, ada_script: Script
) -> None:
    await given.person("gracia")
    room = await chat.rooms.open_direct(ada.person, "grace")
    assert await found(ada_script, room.slug, "gra") == [("grace", True)]


async def test_who_is_shut_out_is_offered_to_nobody(ada: Actor, grace: Actor, chat: Chat, ada_script: Script) -> None:
    await chat.accounts.set_disabled(ada.person, "grace", True)
    assert await found(ada_script, "general", "gra") == []


async def test_ten_are_offered_of_many(given: Given, ada_script: Script) -> None:
    for number in range(12):
        await given.person(f"user{number:02}")
    assert len(await found(ada_script, "general", "user")) == 10


@pytest.mark.parametrize("wanted", ["%25", "_", "%00", "%ED%A0%80", "x" * 5000, "%27%20OR%201"])
async def test_what_no_name_holds_finds_nobody(ada_script: Script, grace: Actor, wanted: str) -> None:
    assert await found(ada_script, "general", wanted) == []


async def test_who_is_not_in_the_room_learns_of_nobody(given: Given, ada: Actor, grace_script: Script) -> None:
    room = await given.room("Ops", owner=ada)
    assert problem(await grace_script.calls("GET", f"/api/v1/rooms/{room.slug}/candidates?q=a")) == (404, "not_found")
    assert problem(await grace_script.calls("GET", "/api/v1/rooms/nowhere/candidates?q=a")) == (404, "not_found")


async def test_a_loop_is_slowed_down(ada_script: Script) -> None:
    answers = [await ada_script.calls("GET", f"{GENERAL}?q=a") for _ in range(ACTS["completion"][0] + 1)]
    assert problem(answers[-1]) == (429, "rate_limited")
    assert json.loads(answers[0].text)["candidates"]
