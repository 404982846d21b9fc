"""Strange frames in a row; the table of bad ones is in tests/bad_inputs."""

from __future__ import annotations

import json
import random
from typing import Any, Final

import pytest

from tests.gateway.conftest import Opens
from tests.support.cast import Actor, Ear
from tests.support.time import SettableClock
from tests.support.wire import TEXT, RawSocket

BIG: Final = "9" * 5000


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
    assert (await raw.hears()).json == {"ref": "next", "ok": True, "pong": True, "spread": 1}
    error: dict[str, Any] = answer["error"]
    assert error["message"]
    assert len(json.dumps(answer)) < 1000
    return error


async def test_an_integer_of_5000_digits_is_refused_wherever_it_stands(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    for data in (
        f'{{"action": "subscribe", "room": "general", "after": {BIG}}}',
        f'{{"action": "ping", "ref": {BIG}}}',
        f'{{"action": {BIG}}}',
        BIG,
    ):
        assert (await costs_one_answer(raw, data))["status"] == 400


async def test_what_is_none_of_the_choices_is_told_them(ada: Actor) -> None:
    refused = await (await ada.connects()).asks("setLevel", room="general", level="loud")
    assert refused["error"]["errors"] == [
        {"field": "level", "detail": "This must be one of: all, mentions, nothing, hidden."}
    ]


async def test_strange_frames_cost_an_answer_each(opens: Opens, ada: Actor, witness: Ear, clock: SettableClock) -> None:
    """Mutations of good frames and heaps of JSON, the same ones in every run."""
    chance = random.Random(6455)
    raw = await opens(ada)
    for number in range(300):
        data = strange(chance)
        # Slower than a flood.
        clock.passes(seconds=1)
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


async def test_what_is_null_counts_as_left_out(ada: Actor) -> None:
    ear = await ada.connects()
    asked: dict[str, list[str]] = {
        "sendMessage": ["client_id", "reply_to", "attachments"],
        "subscribe": ["after", "epoch", "limit", "html"],
        "getRecentMessages": ["limit", "before"],
        "markRead": ["turn"],
        "typing": ["active"],
        "presence": ["active"],
    }
    needed: dict[str, dict[str, Any]] = {"sendMessage": {"content": "hello"}, "markRead": {"index": 1}}
    for action, names in asked.items():
        nulls = dict.fromkeys(names)
        answer = await ear.asks(action, room="general", **needed.get(action, {}), **nulls, unknown=None)
        assert answer["ok"], (action, answer)
    await ear.ws.send_json({"action": "ping", "ref": None, "x": None})
    while (frame := await ear.frame()).get("pong") is None:
        assert "event" in frame
    assert frame["ref"] is None
