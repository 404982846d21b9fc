"""Coming and going while others talk: no hole, no double, whatever the moment."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any, Final

import pytest

from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from tests.gateway.conftest import Opens
from tests.gateway.test_between_steps import then
from tests.support.cast import Actor, Ear, Given
from tests.support.time import eventually

CONNECTS: Final = 150
EACH: Final = 25


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


class Talk:
    """Somebody posts, edits and deletes without a pause, until told to stop."""

    def __init__(self, speaker: Actor) -> None:
        self._speaker = speaker
        self._is_over = False

    async def goes_on(self) -> None:
        chat, person = self._speaker.chat.messages, self._speaker.person
        while not self._is_over:
            posts = await asyncio.gather(*(chat.post(person, "general", f"{number}") for number in range(3)))
            await chat.edit(person, "general", posts[0].index, "edited")
            await chat.delete(person, "general", posts[1].index)

    def ends(self) -> None:
        self._is_over = True


async def changes_heard(ear: Ear, count: int, **where: Any) -> list[int]:
    """Versions: of the answer to subscribe, and of so many changes after it."""
    answer = await ear.subscribes("general", **where)
    heard = [message["version"] for message in answer["messages"]] if "after" in where else []
    assert answer["complete"]
    news = [message["version"] for message in await ear.hears_messages(count)]
    # What the answer says is the top is where news begins.
    assert news[0] == answer["version"] + 1
    assert not heard or max(heard) <= answer["version"]
    return news


async def test_whoever_comes_during_a_flood_misses_nothing_and_hears_nothing_twice(ada: Actor, grace: Actor) -> None:
    talk = Talk(ada)
    talking = asyncio.create_task(talk.goes_on())
    ears = [await grace.connects() for _ in range(5)]

    async def comes_and_goes(ear: Ear) -> None:
        for turn in range(CONNECTS // len(ears)):
            where = {"limit": 5} if turn % 2 else {"after": await top(grace)}
            news = await changes_heard(ear, EACH, **where)
            assert news == list(range(news[0], news[0] + len(news)))
            await ear.asks("unsubscribe", room="general")
            ear._news.clear()

    async with asyncio.timeout(30):
        await asyncio.gather(*(comes_and_goes(ear) for ear in ears))
    talk.ends()
    await talking


async def top(actor: Actor) -> int:
    return (await actor.chat.messages.recent(actor.person, "general", 0)).version


async def test_new_sockets_during_a_flood_miss_nothing_either(ada: Actor, grace: Actor) -> None:
    talk = Talk(ada)
    talking = asyncio.create_task(talk.goes_on())

    async def comes() -> None:
        ear = await grace.connects()
        news = await changes_heard(ear, EACH)
        assert news == list(range(news[0], news[0] + len(news)))
        await ear.ws.close()

    for _ in range(6):
        await asyncio.gather(*(comes() for _ in range(10)))
    talk.ends()
    await talking
    await eventually(lambda: len(ada.chat.hub) == 0)


async def test_a_connection_cut_at_any_byte_is_made_good_by_the_next(opens: Opens, ada: Actor, grace: Actor) -> None:
    """The client keeps what it has read in full, and asks for what came after it."""
    chance = random.Random(1)
    talk = Talk(ada)
    talking = asyncio.create_task(talk.goes_on())
    known: dict[int, int] = {}
    version = 0
    for _ in range(20):
        raw = await opens(grace)
        raw.says(action="subscribe", room="general", after=version, epoch=ada.chat.epoch, ref=1)
        for _ in range(chance.randrange(6)):
            frame = (await raw.hears()).json
            assert frame.get("complete", True)
            for message in frame["messages"]:
                assert message["version"] > version
                known[message["index"]] = version = message["version"]
        await raw.reader.read(chance.randrange(1, 50))
        raw.writer.transport.abort()
    talk.ends()
    await talking
    raw = await opens(grace)
    raw.says(action="subscribe", room="general", after=version, epoch=ada.chat.epoch, ref=1)
    known |= {message["index"]: message["version"] for message in (await raw.hears()).json["messages"]}
    stored = await ada.chat.messages.after(ada.person, "general", 0, 200)
    assert {m.index: known.get(m.index) for m in stored.messages} == {m.index: m.version for m in stored.messages}


async def test_being_removed_and_added_during_a_flood_never_leaks(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada)
    ear = await grace.connects()

    async def subscribes() -> None:
        for _ in range(60):
            await ear.ws.send_json({"action": "subscribe", "room": "designers", "ref": "again"})
            await asyncio.sleep(0)

    async def comes_in_and_out() -> None:
        for number in range(10):
            await ada.chat.memberships.add(ada.person, "designers", "grace")
            await ada.says(f"for all {number}", in_="designers")
            await ada.removes(grace, from_="designers")
            await ada.says(f"secret {number}", in_="designers")

    await asyncio.gather(subscribes(), comes_in_and_out())
    answer = await ear.asks("ping")
    assert answer == {"ref": answer["ref"], "ok": True, "pong": True, "spread": 1}
    # News only: history may well hold what was said while one was away.
    heard = [m for frame in ear._news if frame.get("event") == "messages" for m in frame["messages"]]
    assert [message for message in heard if message["content"].startswith("secret")] == []


@pytest.mark.parametrize("limit", [0, 50])
async def test_own_words_that_come_while_one_subscribes_are_read_by_oneself(
    chat: Chat, ada: Actor, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    ear = await ada.connects()

    async def posts() -> None:
        await ada.says("from another tab")
        await ada.says("and at once more")

    then(monkeypatch, chat.access, "membership_for", posts)
    answer = await ear.asks("subscribe", room="general", limit=limit)
    assert (answer["index"], answer["read_index"]) == (2, 2)
