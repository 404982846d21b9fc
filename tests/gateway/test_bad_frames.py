"""One bad frame costs one error answer: the socket stays, nobody else notices, nothing is stored."""

from __future__ import annotations

import json
import random
from typing import Any, Final

import pytest

from tests.gateway.conftest import Opens
from tests.support.cast import Actor, Ear
from tests.support.wire import TEXT, RawSocket

BIG: Final = "9" * 5000
SEND: Final = {"action": "sendMessage", "room": "general"}


def send(**fields: Any) -> str:
    return json.dumps(SEND | fields)


NOT_JSON: Final = {
    "empty": "",
    "blank": " \n",
    "words": "hello",
    "half an object": '{"action": "ping"',
    "two objects": '{"action": "ping"}{"action": "ping"}',
    "single quotes": "{'action': 'ping'}",
    "a comment": '{"action": "ping"} // hello',
    "a trailing comma": '{"action": "ping",}',
    "a list": '["ping"]',
    "null": "null",
    "a number": "5",
    "a string": '"ping"',
    "true": "true",
    "NaN": '{"action": "sendMessage", "room": "general", "content": NaN}',
    "Infinity": '{"action": "subscribe", "room": "general", "limit": Infinity}',
    "10,000 deep": "[" * 10_000,
    "10,000 deep, closed": '{"action": "ping", "x": ' + "[" * 10_000 + "]" * 10_000 + "}",
    "10,000 deep in objects": '{"action":' * 4000,
    "a raw control character": '{"action": "ping", "ref": "\x01"}',
    "a byte order mark": '\ufeff{"action": "ping"}',
    "the same key twice": '{"action": "ping", "action": "sendMessage"}',
    "the same key twice, escaped": '{"action": "ping", "acti\\u006fn": "ping"}',
    "the same content twice": send(content="a")[:-1] + ', "content": "b"}',
}
UNKNOWN: Final = {
    "no action": "{}",
    "another action": '{"action": "shutdown"}',
    "another case": '{"action": "SENDMESSAGE"}',
    "empty action": '{"action": ""}',
    "null action": '{"action": null}',
    "a number for action": '{"action": 5}',
    "an object for action": '{"action": {"a": 1}}',
    "a long action": json.dumps({"action": "x" * 60_000}),
    "a Python name": '{"action": "__class__"}',
}
WRONG: Final = {
    "no room": ('{"action": "sendMessage", "content": "x"}', "room"),
    "no content": (send(), "content"),
    "room null": ('{"action": "subscribe", "room": null}', "room"),
    "room a number": ('{"action": "subscribe", "room": 1}', "room"),
    "room a list": ('{"action": "subscribe", "room": ["general"]}', "room"),
    "room of 5 kB": (json.dumps({"action": "subscribe", "room": "x" * 5000}), "room"),
    "content a number": (send(content=5), "content"),
    "content a list": (send(content=["x"]), "content"),
    "content an object": (send(content={"a": 1}), "content"),
    "content null": (send(content=None), "content"),
    "client_id of 65": (send(content="x", client_id="x" * 65), "client_id"),
    "client_id of 10 kB": (send(content="x", client_id="x" * 10_000), "client_id"),
    "client_id an object": (send(content="x", client_id={"a": 1}), "client_id"),
    "client_id a number": (send(content="x", client_id=7), "client_id"),
    "client_id null": (send(content="x", client_id=None), "client_id"),
    "reply_to 0": (send(content="x", reply_to=0), "reply_to"),
    "reply_to 2**70": (send(content="x", reply_to=2**70), "reply_to"),
    "reply_to a string": (send(content="x", reply_to="1"), "reply_to"),
    "reply_to true": (send(content="x", reply_to=True), "reply_to"),
    "after 2**70": ('{"action": "subscribe", "room": "general", "after": 1180591620717411303424}', "after"),
    "after a string": ('{"action": "subscribe", "room": "general", "after": "abc"}', "after"),
    "after true": ('{"action": "subscribe", "room": "general", "after": true}', "after"),
    "after negative": ('{"action": "subscribe", "room": "general", "after": -1}', "after"),
    "after a fraction": ('{"action": "subscribe", "room": "general", "after": 1.5}', "after"),
    "limit negative": ('{"action": "getRecentMessages", "room": "general", "limit": -1}', "limit"),
    "limit 201": ('{"action": "getRecentMessages", "room": "general", "limit": 201}', "limit"),
    "limit 10**9": ('{"action": "subscribe", "room": "general", "limit": 1000000000}', "limit"),
    "before 0": ('{"action": "getRecentMessages", "room": "general", "before": 0}', "before"),
    "before 2**53+1": ('{"action": "getRecentMessages", "room": "general", "before": 9007199254740993}', "before"),
    "epoch a number": ('{"action": "subscribe", "room": "general", "after": 1, "epoch": 5}', "epoch"),
    "html a string": ('{"action": "subscribe", "room": "general", "html": "yes"}', "html"),
    "index missing": ('{"action": "markRead", "room": "general"}', "index"),
    "index 0": ('{"action": "markRead", "room": "general", "index": 0}', "index"),
    "index a string": ('{"action": "deleteMessage", "room": "general", "index": "1"}', "index"),
    "active a number": ('{"action": "typing", "room": "general", "active": 1}', "active"),
    "ref an object": ('{"action": "ping", "ref": {"a": 1}}', "ref"),
    "ref a list": ('{"action": "ping", "ref": [1]}', "ref"),
}
REFUSED: Final = {
    "content blank": (send(content=""), "invalid", 422),
    "content of spaces": (send(content=" \n\t\u3000"), "invalid", 422),
    "content of no width": (send(content="\u200b\u200d"), "invalid", 422),
    "content with NUL": (send(content="a\x00b"), "invalid", 422),
    "a lone surrogate": ('{"action": "sendMessage", "room": "general", "content": "\\ud800"}', "invalid", 422),
    "a lone low surrogate": ('{"action": "sendMessage", "room": "general", "content": "a\\udc00b"}', "invalid", 422),
    "a lone surrogate in a key": ('{"action": "ping", "\\ud800": 1}', "invalid", 422),
    "a lone surrogate in the room": ('{"action": "subscribe", "room": "\\udfff"}', "invalid", 422),
    "a lone surrogate in client_id": (send(content="x")[:-1] + ', "client_id": "\\ud800"}', "invalid", 422),
    "NUL in client_id": (send(content="x", client_id="\x00"), "invalid", 422),
    "content of 8,001": (send(content="x" * 8001), "too_large", 413),
    "8,000 marks on one letter": (send(content="e" + "\u0301" * 8000), "too_large", 413),
    "an unknown room": (send(content="x", room="nowhere"), "not_found", 404),
    "a room that is a path": (send(content="x", room="../../etc/passwd"), "not_found", 404),
    "a room of another script": (send(content="x", room="общий"), "not_found", 404),
    "an empty room": (send(content="x", room=""), "not_found", 404),
    "a room with NUL": (send(content="x", room="general\x00"), "not_found", 404),
    "no such message": ('{"action": "editMessage", "room": "general", "index": 9, "content": "x"}', "not_found", 404),
    "an index far beyond": (
        '{"action": "deleteMessage", "room": "general", "index": 9007199254740992}',
        "not_found",
        404,
    ),
}


@pytest.fixture
async def witness(grace: Actor) -> Ear:
    """Somebody in the same room, who should notice nothing."""
    return await grace.listens_to()


async def costs_one_answer(raw: RawSocket, data: str | bytes) -> dict[str, Any]:
    """Send it; the error of the only answer, after which the socket goes on."""
    raw.sends(TEXT, data)
    answer = (await raw.hears()).json
    assert answer["ok"] is False
    raw.says(action="ping", ref="next")
    assert (await raw.hears()).json == {"ref": "next", "ok": True, "pong": True}
    error: dict[str, Any] = answer["error"]
    assert error["message"]
    assert len(json.dumps(answer)) < 1000
    return error


async def nothing_came_of_it(ada: Actor, witness: Ear) -> None:
    assert (await ada.chat.messages.recent(ada.person, "general")).messages == ()
    assert await witness.silence()


async def test_what_is_no_json_object(opens: Opens, ada: Actor, witness: Ear, subtests: pytest.Subtests) -> None:
    raw = await opens(ada)
    for name, data in NOT_JSON.items():
        with subtests.test(name):
            error = await costs_one_answer(raw, data)
            assert (error["code"], error["status"]) == ("bad_json", 400)
    await nothing_came_of_it(ada, witness)


async def test_what_is_no_action(opens: Opens, ada: Actor, witness: Ear, subtests: pytest.Subtests) -> None:
    raw = await opens(ada)
    for name, data in UNKNOWN.items():
        with subtests.test(name):
            error = await costs_one_answer(raw, data)
            assert (error["code"], error["status"]) == ("unknown_action", 400)
    await nothing_came_of_it(ada, witness)


async def test_a_wrong_field_is_named(opens: Opens, ada: Actor, witness: Ear, subtests: pytest.Subtests) -> None:
    raw = await opens(ada)
    for name, (data, field) in WRONG.items():
        with subtests.test(name):
            error = await costs_one_answer(raw, data)
            assert (error["code"], error["status"]) == ("bad_request", 400)
            assert [wrong["field"] for wrong in error["errors"]] == [field]
            assert error["errors"][0]["detail"]
    await nothing_came_of_it(ada, witness)


async def test_what_cannot_be_done(opens: Opens, ada: Actor, witness: Ear, subtests: pytest.Subtests) -> None:
    raw = await opens(ada)
    for name, (data, code, status) in REFUSED.items():
        with subtests.test(name):
            error = await costs_one_answer(raw, data)
            assert (error["code"], error["status"]) == (code, status)
    await nothing_came_of_it(ada, witness)


async def test_an_integer_of_5000_digits_is_refused_wherever_it_stands(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    for data in (
        f'{{"action": "subscribe", "room": "general", "after": {BIG}}}',
        f'{{"action": "ping", "ref": {BIG}}}',
        f'{{"action": {BIG}}}',
        BIG,
    ):
        assert (await costs_one_answer(raw, data))["status"] == 400


async def test_unknown_fields_are_ignored(ada: Actor) -> None:
    ear = await ada.connects()
    said = await ear.says("hello", colour="red", nested={"content": ["x", {"room": None}]}, token="")
    assert said["content"] == "hello"


async def test_the_ref_of_a_refused_frame_comes_back_where_it_can_be_read(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    readable = {
        '{"ref": 7, "action": "sendMessage", "room": "general", "content": "\\ud800"}': 7,
        '{"ref": "a", "action": "nonsense"}': "a",
        '{"ref": 8, "action": "ping", "action": "ping"}': 8,
        '{"ref": 9, "action": "subscribe", "room": 5}': 9,
    }
    for data, ref in readable.items():
        raw.sends(TEXT, data)
        assert (await raw.hears()).json["ref"] == ref
    for data in ('{"ref": "\\ud800", "action": "ping"}', '{"ref": NaN, "action": "ping"}', '{"ref": 1', "[1]"):
        raw.sends(TEXT, data)
        assert "ref" not in (await raw.hears()).json


async def test_a_hundred_strange_frames_cost_a_hundred_answers(opens: Opens, ada: Actor, witness: Ear) -> None:
    """Mutations of good frames and heaps of JSON, the same ones in every run."""
    chance = random.Random(6455)
    raw = await opens(ada)
    for number in range(300):
        data = strange(chance)
        raw.sends(TEXT, data)
        answer = (await raw.hears()).json
        assert answer["ok"] in {True, False}, (number, data)
        assert answer.get("error", {}).get("code") != "internal", (number, data)
    assert await raw.is_alive()
    assert await witness.silence()


def strange(chance: random.Random) -> bytes:
    """A frame without content, so that whatever it does, it posts nothing."""
    values: list[Any] = [
        None,
        True,
        -1,
        0,
        1,
        1.5,
        2**53,
        2**70,
        "",
        "general",
        "x" * 70,
        "\ud83d",
        [],
        {},
        {"action": "ping"},
    ]
    actions = ["ping", "subscribe", "unsubscribe", "markRead", "typing", "getRecentMessages", "deleteMessage", "x", 5]
    names = ["room", "ref", "index", "limit", "before", "after", "epoch", "html", "active", "reply_to", "x"]
    frame = {"action": chance.choice(actions), **{chance.choice(names): chance.choice(values) for _ in range(4)}}
    if "html" not in frame:
        # Not subscribed to anything: only answers come back.
        frame["room"] = chance.choice(values[:9] + values[10:])
    else:
        frame["action"] = "ping"
    data = bytearray(json.dumps(frame).encode())
    for _ in range(chance.choice([0, 0, 1, 3])):
        data[chance.randrange(len(data))] = chance.choice(b'{}[]":,0-e\\u tx')
    return bytes(data)
