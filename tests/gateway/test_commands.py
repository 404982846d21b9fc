"""Saying, changing, taking back, reading and typing over the socket."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from chatapp.settings import Settings
from tests.support.cast import Actor, Given
from tests.support.time import SettableClock

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


def error_of(answer: dict[str, Any]) -> tuple[str, int]:
    assert answer["ok"] is False, answer
    assert answer["error"]["message"]
    return answer["error"]["code"], answer["error"]["status"]


# sendMessage


async def test_a_post_is_answered_and_heard_by_everybody_the_sender_too(
    ada: Actor, grace: Actor, clock: SettableClock
) -> None:
    mine, other, hers = await ada.listens_to(), await ada.listens_to(), await grace.listens_to()
    answer = await mine.asks("sendMessage", room="general", content="hello", client_id="k1")
    message = answer.pop("message")
    assert answer == {"ref": mine._refs, "ok": True}
    assert TIMESTAMP.fullmatch(message.pop("timestamp"))
    assert isinstance(message.pop("id"), str)
    assert message == {
        "room": "general",
        "index": 1,
        "version": 1,
        "username": "ada",
        "display_name": "Ada Okafor",
        "content": "hello",
        "client_id": "k1",
    }
    for ear in (mine, other, hers):
        (heard,) = await ear.hears_messages(1)
        assert heard.items() >= message.items()


async def test_the_sender_need_not_listen(ada: Actor, grace: Actor) -> None:
    ear = await grace.listens_to()
    speaker = await ada.connects()
    await speaker.says("hello")
    assert (await ear.hears_messages(1))[0]["content"] == "hello"
    assert await speaker.silence()


async def test_the_answer_means_it_is_on_disk(ada: Actor) -> None:
    ear = await ada.connects()
    said = await ear.says("hello")
    assert (await ada.chat.messages.by_index(ada.person, "general", said["index"])).content == "hello"


async def test_every_script_comes_back_byte_for_byte(ada: Actor, grace: Actor, subtests: pytest.Subtests) -> None:
    speaker, ear = await ada.connects(), await grace.listens_to()
    for content in (
        "你好，世界 — 日本語、한국어",
        "👩‍👩‍👧‍👦 🏳️‍🌈 👋🏽",
        "שלום \u202bعربي\u202c مرحبا",
        "e\u0301 \u00e9 \ufb01 \u1e9b\u0323",
        "  leading\n\n\ttabs\r\nand trailing  ",
        '<b>"&amp;\\u0041\\"</b> \u2028\u2029',
        "\U0001f600" * 5000,
        "x" * 8000,
    ):
        with subtests.test(content[:12]):
            assert (await speaker.says(content))["content"] == content
            assert (await ear.hears_messages(1))[0]["content"] == content


async def test_the_longest_message_fits_a_frame_in_any_script(ada: Actor) -> None:
    ear = await ada.connects()
    frame = {"action": "sendMessage", "room": "general", "content": "\U0001f600" * 8000}
    await ear.ws.send_str(json.dumps(frame, ensure_ascii=False))
    assert len((await ear.frame())["message"]["content"]) == 8000


async def test_the_same_key_is_the_same_message_on_any_socket(ada: Actor, grace: Actor) -> None:
    ears = [await ada.connects() for _ in range(3)]
    ear = await grace.listens_to()
    said = await asyncio.gather(*(each.says("hello", client_id="k") for each in ears))
    assert said == [said[0]] * 3
    assert await ears[0].says("hello", client_id="k") == said[0]
    assert len(await ear.hears_messages(1)) == 1
    assert await ear.silence()


async def test_the_same_key_with_other_words_is_a_conflict(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada)
    ear = await ada.connects()
    await ear.says("hello", client_id="k")
    for fields in ({"room": "general", "content": "bye"}, {"room": "designers", "content": "hello"}):
        assert error_of(await ear.asks("sendMessage", client_id="k", **fields)) == ("conflict", 409)
    assert (await (await grace.connects()).says("bye", client_id="k"))["index"] == 2


async def test_a_key_may_be_64_characters_and_empty_counts_as_none(ada: Actor) -> None:
    ear = await ada.connects()
    assert (await ear.says("a", client_id="👋" * 64))["client_id"] == "👋" * 64
    assert [(await ear.says("b", client_id=""))["index"] for _ in range(2)] == [2, 3]


async def test_a_reply_names_what_it_answers(ada: Actor) -> None:
    ear = await ada.connects()
    await ear.says("question")
    assert (await ear.says("answer", reply_to=1))["reply_to"] == 1
    assert (await ear.says("nothing", reply_to=None)).get("reply_to") is None
    assert error_of(await ear.asks("sendMessage", room="general", content="x", reply_to=9)) == ("not_found", 404)


async def test_what_a_client_claims_about_itself_is_ignored(ada: Actor, grace: Actor) -> None:
    ear = await ada.connects()
    said = await ear.says("hello", username="grace", index=99, version=99, timestamp="2000-01-01T00:00:00Z", kind="bot")
    assert (said["username"], said["index"], said["version"]) == ("ada", 1, 1)
    assert "kind" not in said
    assert not said["timestamp"].startswith("2000")


# editMessage, deleteMessage


async def test_an_edit_and_a_deletion_are_heard_with_their_versions(
    ada: Actor, grace: Actor, clock: SettableClock
) -> None:
    speaker, ear = await ada.connects(), await grace.listens_to()
    await speaker.says("hello")
    clock.passes(minutes=1)
    edited = (await speaker.asks("editMessage", room="general", index=1, content="bye"))["message"]
    gone = (await speaker.asks("deleteMessage", room="general", index=1))["message"]
    assert (edited["index"], edited["version"], edited["content"]) == (1, 2, "bye")
    assert edited["edited_at"] > edited["timestamp"]
    assert (gone["index"], gone["version"], gone["deleted"]) == (1, 3, True)
    assert gone.keys().isdisjoint({"content", "html"})
    assert (await ear.hears_messages(3))[1:] == [edited, gone]


async def test_who_may_not_change_is_told_why(given: Given, ada: Actor, grace: Actor) -> None:
    hers = await grace.connects()
    await ada.says("mine")
    await given.room("Designers", owner=ada)
    await ada.says("secret", in_="designers")
    for action in ("editMessage", "deleteMessage"):
        forbidden = await hers.asks(action, room="general", index=1, content="x")
        hidden = await hers.asks(action, room="designers", index=1, content="x")
        missing = await hers.asks(action, room="general", index=2, content="x")
        assert error_of(forbidden) == ("forbidden", 403)
        assert error_of(hidden) == error_of(missing) == ("not_found", 404)
        assert hidden["error"] == missing["error"]


async def test_a_deleted_message_cannot_be_brought_back(ada: Actor) -> None:
    ear = await ada.connects()
    await ear.says("hello", client_id="k")
    await ear.asks("deleteMessage", room="general", index=1)
    assert error_of(await ear.asks("editMessage", room="general", index=1, content="x")) == ("not_found", 404)
    assert error_of(await ear.asks("deleteMessage", room="general", index=1)) == ("not_found", 404)
    assert (await ear.says("hello", client_id="k"))["deleted"] is True


# getRecentMessages


async def test_recent_messages_come_oldest_first(ada: Actor, subtests: pytest.Subtests) -> None:
    await asyncio.gather(*(ada.says(f"{n}") for n in range(1, 31)))
    ear = await ada.connects()
    cases: dict[str, tuple[dict[str, int], list[int]]] = {
        "ten by default": ({}, list(range(21, 31))),
        "as many as wanted": ({"limit": 2}, [29, 30]),
        "none": ({"limit": 0}, []),
        "more than there are": ({"limit": 200}, list(range(1, 31))),
        "before an index": ({"before": 4, "limit": 2}, [2, 3]),
        "before the first": ({"before": 1}, []),
        "before an index far beyond": ({"before": 2**53, "limit": 1}, [30]),
    }
    for name, (fields, expected) in cases.items():
        with subtests.test(name):
            answer = await ear.asks("getRecentMessages", room="general", **fields)
            assert [message["index"] for message in answer["messages"]] == expected


async def test_asking_is_heard_by_nobody_and_is_no_subscription(ada: Actor, grace: Actor) -> None:
    asking, other = await ada.connects(), await grace.listens_to()
    await asking.asks("getRecentMessages", room="general")
    assert await other.silence()
    await grace.says("hello")
    assert await asking.silence()


async def test_an_empty_room_has_an_empty_list(ada: Actor) -> None:
    answer = await (await ada.connects()).asks("getRecentMessages", room="general")
    assert answer["messages"] == []


# markRead


async def test_reading_is_heard_on_this_persons_other_sockets_only(ada: Actor, grace: Actor) -> None:
    await asyncio.gather(*(grace.says(f"{n}") for n in range(5)))
    here, there, hers = await ada.connects(), await ada.connects(), await grace.listens_to()
    assert await here.asks("markRead", room="general", index=3) == {"ref": 1, "ok": True, "unread": 2}
    assert await there.frame() == {"event": "read", "room": "general", "index": 3, "unread": 2, "turn": 0}
    assert (await here.asks("markRead", room="general", index=1))["unread"] == 2
    assert (await here.asks("markRead", room="general", index=0))["unread"] == 2
    assert (await here.asks("markRead", room="general", index=2**53))["unread"] == 0
    assert (await there.frame())["index"] == 5
    for ear in (here, there, hers):
        assert await ear.silence()
    assert (await here.subscribes("general"))["read_index"] == 5


# typing, ping


async def test_typing_is_heard_by_the_others_at_most_once_in_three_seconds(
    ada: Actor, grace: Actor, clock: SettableClock
) -> None:
    mine, hers = await ada.listens_to(), await grace.listens_to()
    for _ in range(5):
        assert await mine.asks("typing", room="general", active=True) == {"ref": mine._refs, "ok": True}
    clock.passes(seconds=3)
    await mine.asks("typing", room="general")
    await mine.asks("typing", room="general", active=False)
    heard = [await hers.frame() for _ in range(3)]
    assert [(news["event"], news["username"], news["active"]) for news in heard] == [
        ("typing", "ada", True),
        ("typing", "ada", True),
        ("typing", "ada", False),
    ]
    assert await hers.silence()
    assert await mine.silence()


async def test_a_ping_is_answered(ada: Actor) -> None:
    assert await (await ada.connects()).asks("ping") == {"ref": 1, "ok": True, "pong": True, "spread": 1}


# ref


async def test_a_ref_comes_back_as_it_was_sent(ada: Actor, subtests: pytest.Subtests) -> None:
    ear = await ada.connects()
    for ref in ("a", "", "👋", 0, -1, 2**53, 1.5, True, False, None, "x" * 1000):
        for action in ("ping", "nonsense"):
            with subtests.test(f"{action} {str(ref)[:9]}"):
                await ear.ws.send_json({"action": action, "ref": ref})
                answer = await ear.frame()
                assert answer["ref"] == ref
                assert type(answer["ref"]) is type(ref)


async def test_without_a_ref_there_is_none_in_the_answer(ada: Actor) -> None:
    ear = await ada.connects()
    for action in ("ping", "nonsense"):
        await ear.ws.send_json({"action": action})
        assert "ref" not in await ear.frame()


async def test_answers_come_in_the_order_of_the_questions(ada: Actor) -> None:
    ear = await ada.connects()
    for ref in range(30):
        await ear.ws.send_json({"action": "sendMessage", "room": "general", "content": f"{ref}", "ref": ref})
    answers = [await ear.frame() for _ in range(30)]
    assert [(a["ref"], a["message"]["index"]) for a in answers] == [(n, n + 1) for n in range(30)]


async def test_who_has_a_new_name_types_under_it(ada: Actor, grace: Actor) -> None:
    ear, hers = await ada.connects(), await grace.listens_to()
    await ada.chat.accounts.update_profile(ada.person, display_name="Ada Obi", time_zone="")
    assert (await hers.hears("userChanged"))["display_name"] == "Ada Obi"
    await ear.asks("typing", room="general")
    assert (await hers.hears("typing"))["display_name"] == "Ada Obi"
