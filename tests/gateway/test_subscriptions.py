"""Hearing a room: from where one stands, without a gap and without a double."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from chatapp.domain import messages as domain
from chatapp.gateway.commands import rooms as commands
from chatapp.settings import Settings
from tests.support.cast import Actor, Ear, Given

FAR = 2**53


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


async def said(actor: Actor, *contents: str, room: str = "general") -> None:
    for content in contents:
        await actor.says(content, in_=room)


def contents(answer: dict[str, Any]) -> list[str]:
    return [message.get("content", "") for message in answer["messages"]]


def versions(messages: list[dict[str, Any]]) -> list[int]:
    return [message["version"] for message in messages]


async def test_the_greeting_says_what_a_client_must_know(ada: Actor) -> None:
    hello = (await ada.connects()).hello
    assert hello.pop("connection")
    assert hello.pop("server")
    assert hello == {
        "event": "hello",
        "protocol": 1,
        "user": {"id": str(ada.person.id), "username": "ada", "display_name": "Ada Okafor"},
        "heartbeat": 25,
        "spread": 1,
        "limits": {"content": 8000, "frame": 65536},
        "epoch": ada.chat.epoch,
    }


async def test_an_empty_room_has_every_field(ada: Actor) -> None:
    ear = await ada.connects()
    answer = await ear.asks("subscribe", room="general")
    assert answer == {
        "ref": 1,
        "ok": True,
        "room": "general",
        "messages": [],
        "index": 0,
        "version": 0,
        "read_index": 0,
        "read_turn": 0,
        "epoch": ada.chat.epoch,
        "complete": True,
    }


async def test_the_newest_come_oldest_first_and_then_what_is_said(ada: Actor, grace: Actor) -> None:
    await said(ada, *(f"{n}" for n in range(1, 61)))
    ear = await grace.connects()
    first = await ear.subscribes("general")
    assert contents(first) == [f"{n}" for n in range(11, 61)]
    assert (first["index"], first["version"], first["complete"]) == (60, 60, True)
    await said(ada, "now")
    assert [message["content"] for message in await ear.hears_messages(1)] == ["now"]


async def test_history_is_as_long_as_was_asked_for(ada: Actor, subtests: pytest.Subtests) -> None:
    await said(ada, *(f"{n}" for n in range(1, 6)))
    ear = await ada.connects()
    for limit, expected in ((0, []), (1, ["5"]), (3, ["3", "4", "5"]), (200, ["1", "2", "3", "4", "5"])):
        with subtests.test(str(limit)):
            assert contents(await ear.subscribes("general", limit=limit)) == expected


async def test_after_brings_everything_that_changed_since(ada: Actor, grace: Actor) -> None:
    await said(ada, "a", "b", "c")
    ear = await grace.listens_to()
    await ear.ws.close()
    await said(ada, "d")
    await ada.chat.messages.edit(ada.person, "general", 1, "A")
    await ada.chat.messages.delete(ada.person, "general", 2)
    back = await (await grace.connects()).subscribes("general", after=3, epoch=ada.chat.epoch)
    assert [(m["version"], m["index"], m.get("content"), m.get("deleted")) for m in back["messages"]] == [
        (4, 4, "d", None),
        (5, 1, "A", None),
        (6, 2, None, True),
    ]
    assert (back["index"], back["version"], back["complete"]) == (4, 6, True)


async def test_nothing_missed_is_complete_and_empty(ada: Actor) -> None:
    await said(ada, "a")
    answer = await (await ada.connects()).subscribes("general", after=1, epoch=ada.chat.epoch)
    assert (answer["messages"], answer["complete"]) == ([], True)


async def test_numbers_of_another_life_are_answered_with_the_newest_page(ada: Actor, subtests: pytest.Subtests) -> None:
    await said(ada, "a", "b")
    ear = await ada.connects()
    cases = {
        "another epoch": {"after": 1, "epoch": "another"},
        "another epoch, at the top": {"after": 2, "epoch": "another"},
        "beyond the top": {"after": 3, "epoch": ada.chat.epoch},
        "far beyond": {"after": FAR, "epoch": ada.chat.epoch},
    }
    for name, fields in cases.items():
        with subtests.test(name):
            answer = await ear.subscribes("general", **fields)
            assert (contents(answer), answer["complete"]) == (["a", "b"], False)
            assert (answer["version"], answer["epoch"]) == (2, ada.chat.epoch)


async def test_too_much_missed_is_a_marked_gap(ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "MOST_CHANGES", 10)
    await said(ada, *(f"{n}" for n in range(1, 13)))
    ear = await ada.connects()
    assert (await ear.subscribes("general", after=2))["complete"]
    answer = await ear.subscribes("general", after=1)
    assert not answer["complete"]
    assert versions(answer["messages"]) == list(range(1, 13))


async def test_after_a_gap_news_goes_on_from_the_top(ada: Actor) -> None:
    await said(ada, "a")
    ear = await ada.listens_to(after=99)
    await said(ada, "b")
    assert versions(await ear.hears_messages(1)) == [2]


async def test_subscribing_again_is_subscribing_once(ada: Actor) -> None:
    await said(ada, "a")
    ear = await ada.listens_to()
    for after in (0, 1):
        await ear.subscribes("general", after=after)
    await said(ada, "b")
    assert versions(await ear.hears_messages(1)) == [2]
    assert await ear.silence()


async def test_who_unsubscribes_hears_no_more(ada: Actor, grace: Actor) -> None:
    ear = await grace.listens_to()
    for _ in range(2):
        assert await ear.asks("unsubscribe", room="general") == {"ref": ear._refs, "ok": True}
    await said(ada, "a")
    assert await ear.silence()
    assert versions((await ear.subscribes("general", after=0))["messages"]) == [1]


async def test_who_never_subscribed_hears_nothing(ada: Actor, grace: Actor) -> None:
    ear = await grace.connects()
    await said(ada, "a")
    assert await ear.silence()


async def test_rooms_are_heard_side_by_side(given: Given, ada: Actor) -> None:
    for name in ("One", "Two"):
        await given.room(name, owner=ada)
    ear = await ada.listens_to("one")
    await ear.subscribes("two")
    await asyncio.gather(*(said(ada, "a", "b", room=room) for room in ("one", "two", "general")))
    heard = await ear.hears_messages(4)
    assert sorted((m["room"], m["index"]) for m in heard) == [("one", 1), ("one", 2), ("two", 1), ("two", 2)]
    assert await ear.silence()


async def test_a_socket_hears_so_many_rooms_and_no_more(
    given: Given, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "ROOMS", 2)
    for name in ("One", "Two"):
        await given.room(name, owner=ada)
    ear = await ada.listens_to("one")
    await ear.subscribes("two")
    assert (await ear.asks("subscribe", room="general"))["error"]["code"] == "rate_limited"
    await ear.subscribes("two")
    await ear.asks("unsubscribe", room="one")
    await ear.subscribes("general")


async def test_html_comes_to_those_who_ask_for_it(ada: Actor) -> None:
    link = "https://example.org"
    plain, drawn = await ada.listens_to(), await ada.listens_to(html=True)
    answers = [await ear.says(link) for ear in (plain, drawn)]
    news = [await ear.hears_messages(2) for ear in (plain, drawn)]
    pages = [(await ear.asks("getRecentMessages", room="general"))["messages"] for ear in (plain, drawn)]
    for is_drawn, messages in ((False, [answers[0], *news[0], *pages[0]]), (True, [answers[1], *news[1], *pages[1]])):
        assert {"html" in message for message in messages} == {is_drawn}
    assert answers[1]["html"].startswith('<a href="https://example.org"')
    await said(ada, "no link")
    assert "html" not in (await drawn.hears_messages(1))[0]


# The right to hear


async def test_a_stranger_hears_nothing(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada)
    await given.room("Open", owner=ada, kind="open")
    ear = await grace.connects()
    refusals = [await ear.asks("subscribe", room=room) for room in ("designers", "open", "nowhere")]
    assert {answer["error"]["code"] for answer in refusals} == {"not_found"}
    assert len({answer["error"]["message"] for answer in refusals}) == 1
    await said(ada, "a", room="designers")
    assert await ear.silence()


async def test_a_removed_member_hears_nothing_more(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    ears = [await grace.listens_to("designers") for _ in range(2)]
    await ada.removes(grace, from_="designers")
    await said(ada, "secret", room="designers")
    for ear in ears:
        assert await ear.frame() == {"event": "roomRemoved", "room": "designers"}
        assert await ear.silence()
        assert (await ear.asks("getRecentMessages", room="designers"))["error"]["code"] == "not_found"
        assert (await ear.asks("subscribe", room="designers", after=0))["error"]["code"] == "not_found"
        assert (await ear.asks("sendMessage", room="designers", content="x"))["error"]["code"] == "not_found"


async def test_who_comes_back_hears_again(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    ear = await grace.listens_to("designers")
    await ada.removes(grace, from_="designers")
    await said(ada, "meanwhile", room="designers")
    await ada.chat.memberships.add(ada.person, "designers", "grace")
    assert (await ear.hears("roomAdded"))["room"] == "designers"
    assert contents(await ear.subscribes("designers", after=0)) == ["meanwhile"]
    await said(ada, "now", room="designers")
    assert versions(await ear.hears_messages(1)) == [2]


async def test_a_removal_while_subscribing_is_noticed(
    given: Given, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    newest = grace.chat.messages.newest

    async def slow(*arguments: Any) -> Any:
        history = await newest(*arguments)
        await ada.removes(grace, from_="designers")
        return history

    monkeypatch.setattr(grace.chat.messages, "newest", slow)
    ear = await grace.connects()
    assert (await ear.asks("subscribe", room="designers"))["error"]["code"] == "not_found"
    await said(ada, "secret", room="designers")
    assert (await ear.hears("roomRemoved"))["room"] == "designers"
    assert await ear.silence()


async def test_news_of_a_room_comes_to_members_only(given: Given, ada: Actor, grace: Actor) -> None:
    inside, outside = await ada.connects(), await grace.connects()
    await given.room("Designers", owner=ada)
    await ada.chat.rooms.update(ada.person, "designers", name="Typographers")
    assert [(await inside.frame())["event"] for _ in range(2)] == ["roomAdded", "roomChanged"]
    assert await outside.silence()


async def hears_all(ear: Ear, count: int) -> list[int]:
    return versions(await ear.hears_messages(count))


async def test_all_who_listen_hear_the_same_in_the_same_order(given: Given, ada: Actor, grace: Actor) -> None:
    ears = [await actor.listens_to() for actor in (ada, grace) for _ in range(3)]
    speakers = [await actor.connects() for actor in (ada, grace)]
    await asyncio.gather(*(ear.says(f"{n}") for ear in speakers for n in range(1)))
    for n in range(10):
        await asyncio.gather(*(ear.says(f"{n}") for ear in speakers))
    heard = await asyncio.gather(*(hears_all(ear, 22) for ear in ears))
    assert heard == [list(range(1, 23))] * 6


async def test_who_subscribes_again_without_html_gets_none_any_more(ada: Actor) -> None:
    ear = await ada.listens_to(html=True)
    assert (await ear.says("**drawn**"))["html"]
    await ear.subscribes("general", limit=0)
    assert "html" not in await ear.says("**plain**")
