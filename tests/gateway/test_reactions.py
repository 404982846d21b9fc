"""Reactions and pins over the socket: heard at once, and by who was away."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from chatapp.core.models import NAMED
from chatapp.settings import Settings
from tests.support.cast import Actor, Ear, Given


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


async def reacts(ear: Ear, emoji: str = "👍", index: int = 1) -> dict[str, Any]:
    answer = await ear.asks("addReaction", room="general", index=index, emoji=emoji)
    assert answer["ok"], answer
    return answer["message"]  # type: ignore[no-any-return]


async def test_a_reaction_is_answered_and_heard_by_everybody(ada: Actor, grace: Actor) -> None:
    await ada.says("hello")
    mine, hers = await ada.listens_to(), await grace.listens_to()
    message = await reacts(mine)
    assert (message["version"], message["content"]) == (2, "hello")
    assert message["reactions"] == [{"emoji": "👍", "count": 1, "usernames": ["ada"]}]
    assert [(await ear.hears_messages(1)) for ear in (mine, hers)] == [[message], [message]]
    answer = await hers.asks("removeReaction", room="general", index=1, emoji="👍")
    assert answer["message"] == message
    answer = await mine.asks("removeReaction", room="general", index=1, emoji="👍")
    assert "reactions" not in answer["message"]
    assert await hers.hears_messages(1) == [answer["message"]]


async def test_from_two_sockets_at_once_it_is_given_once(ada: Actor, grace: Actor) -> None:
    await ada.says("hello")
    ears, witness = [await ada.connects() for _ in range(4)], await grace.listens_to()
    found = await asyncio.gather(*(reacts(ear) for ear in ears))
    assert found == [found[0]] * 4
    assert await witness.hears_messages(1) == [found[0]]
    assert await witness.silence()


async def test_what_was_missed_comes_with_catching_up(ada: Actor, grace: Actor) -> None:
    for content in ("one", "two", "three"):
        await ada.says(content)
    ear = await grace.connects()
    seen = await ear.subscribes("general")
    await ear.ws.close()
    speaker = await ada.connects()
    await reacts(speaker, index=2)
    await speaker.asks("pinMessage", room="general", index=1)
    back = await (await grace.connects()).subscribes("general", after=seen["version"], epoch=seen["epoch"])
    assert back["complete"]
    assert [(m["index"], m["version"]) for m in back["messages"]] == [(2, 4), (1, 5)]
    assert back["messages"][0]["reactions"] == [{"emoji": "👍", "count": 1, "usernames": ["ada"]}]
    assert back["messages"][1]["pinned"] is True


async def test_who_comes_anew_gets_them(ada: Actor, grace: Actor) -> None:
    await ada.says("hello")
    await (await ada.connects()).subscribes("general")
    message = await reacts(await grace.connects())
    assert (await (await ada.connects()).subscribes("general"))["messages"] == [message]


async def test_a_pin_is_heard_and_taken_down(ada: Actor, grace: Actor) -> None:
    await ada.says("hello")
    mine, hers = await ada.connects(), await grace.listens_to()
    pinned = (await mine.asks("pinMessage", room="general", index=1))["message"]
    assert pinned["pinned"] is True
    assert await hers.hears_messages(1) == [pinned]
    assert (await hers.asks("pinMessage", room="general", index=1))["message"] == pinned
    assert "pinned" not in (await hers.asks("unpinMessage", room="general", index=1))["message"]


async def test_of_many_the_first_are_named_and_all_are_counted(given: Given, ada: Actor) -> None:
    await ada.says("hello")
    crowd = [await given.person(f"person{number:02}") for number in range(NAMED + 2)]
    for each in crowd:
        message = await ada.chat.reactions.add(each.person, "general", 1, "👍")
    assert len(message.reactions[0].usernames) == NAMED + 2
    (shown,) = (await (await ada.connects()).subscribes("general"))["messages"]
    (reaction,) = shown["reactions"]
    assert reaction["count"] == NAMED + 2
    assert reaction["usernames"] == [each.username for each in crowd[:NAMED]]


async def test_the_small_door_tells_of_posts_only(ada: Actor, grace: Actor) -> None:
    await ada.says("one")
    ws = await grace.opens("/rooms/general/ws")
    await ws.send_json({"action": "getRecentMessages"})
    assert [m["content"] for m in json.loads(await ws.receive_str())["messages"]] == ["one"]
    speaker = await ada.connects()
    await reacts(speaker)
    await speaker.asks("removeReaction", room="general", index=1, emoji="👍")
    await speaker.asks("pinMessage", room="general", index=1)
    await speaker.asks("unpinMessage", room="general", index=1)
    await ada.says("two")
    await reacts(speaker, index=2)
    await ada.says("three")
    heard: list[str] = []
    while heard[-1:] != ["three"]:
        heard += [message["content"] for message in json.loads(await ws.receive_str(timeout=20))["messages"]]
    assert heard == ["two", "three"]
