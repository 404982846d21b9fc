"""Replies to what is elsewhere or gone, reading on past the end, typing without end, and a jar full of cookies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.support.cast import Actor, Given
from tests.support.wire import CLOSE, RawSocket

Client = TestClient[Any, Any]
MESSAGES = "/api/v1/rooms/general/messages"


async def test_46_a_reply_finds_no_message_of_another_room(
    client: Client, given: Given, ada: Actor, grace: Actor
) -> None:
    """Also not to a room that the author is in: an index counts in its own room."""
    await given.room("ops", owner=ada)
    await ada.says("one")
    for number in range(5):
        await ada.says(f"secret {number}", in_="ops")
    ear = await grace.listens_to()
    refused = await (await ada.connects()).asks("sendMessage", room="general", content="re", reply_to=5)
    assert (refused["error"]["code"], refused["error"]["status"]) == ("not_found", 404)
    answer = await client.post(MESSAGES, json={"content": "re", "reply_to": 5}, headers=ada.bearer)
    assert answer.status == 404
    assert await ear.silence()
    # Where there is one of that number it is that of this room.
    said = await ear.says("re", reply_to=1)
    assert (said["room"], said["reply_to"]) == ("general", 1)
    assert "secret" not in json.dumps(await (await client.get(MESSAGES, headers=grace.bearer)).json())


async def test_46_a_reply_to_a_deleted_message_says_nothing_of_what_it_was(client: Client, ada: Actor) -> None:
    said = await ada.says("taken back")
    await ada.chat.messages.delete(ada.person, "general", said.index)
    ear = await ada.listens_to()
    answer = await ear.says("what was that?", reply_to=said.index)
    assert answer["reply_to"] == said.index
    heard = [answer, *await ear.hears_messages(1), await (await client.get(MESSAGES, headers=ada.bearer)).json()]
    assert "taken back" not in json.dumps(heard)


@pytest.mark.parametrize("door", ["socket", "REST"])
async def test_46_who_reads_past_the_end_has_read_what_there_is_and_no_more(
    client: Client, ada: Actor, grace: Actor, door: str
) -> None:
    await ada.says("one")
    ear = await grace.connects()
    if door == "socket":
        assert (await ear.asks("markRead", room="general", index=2**53))["unread"] == 0
    else:
        answer = await client.put("/api/v1/rooms/general/read", json={"index": 2**53}, headers=grace.bearer)
        assert answer.status == 200
    assert (await ear.subscribes("general"))["read_index"] == 1
    await ada.says("two")
    assert (await ear.asks("markRead", room="general", index=1))["unread"] == 1


async def test_58_a_flood_of_typing_is_slowed_down_then_cut_off_and_reaches_nobody_in_full(
    client: Client, ada: Actor, grace: Actor
) -> None:
    ear, other = await grace.listens_to(), await ada.connects()
    raw = await RawSocket.opens(client, "/ws", f"Authorization: Bearer {ada.token}")
    assert (await raw.hears()).json["event"] == "hello"
    for number in range(300):
        # Starting and stopping: of those who only start, one in three seconds is told.
        raw.says(action="typing", room="general", active=number % 2 == 0)
    answers = []
    while (heard := await raw.hears()).opcode != CLOSE:
        answers.append(heard.json)
    raw.hangs_up()
    refused = [answer["error"]["code"] for answer in answers if not answer["ok"]]
    assert [answer["ok"] for answer in answers] == [True] * 60 + [False] * len(refused)
    # The one too many is answered as well.
    assert refused == ["rate_limited"] * 101
    assert int.from_bytes(heard.payload[:2], "big") == 4429
    assert (await ear.says("goes on"))["index"] == 1
    news = [frame["event"] for frame in ear._news]
    assert news.count("typing") == 60
    # The pace of typing is not that of posting.
    assert (await other.says("after"))["index"] == 2


@pytest.mark.parametrize("path", ["/api/v1/me", "/ws"])
@pytest.mark.parametrize(
    ("words", "jar", "is_read"),
    [
        ("one of 7 kB", "x=" + "x" * 7000, True),
        ("a thousand", "; ".join(f"c{number}=x" for number in range(900)), True),
        ("one of 8 kB and more", "x=" + "x" * 8200, False),
        ("a thousand too many", "; ".join(f"c{number}=x" for number in range(2000)), False),
    ],
)
async def test_17_a_jar_of_cookies_is_read_to_its_end_or_refused_as_a_whole(
    client: Client, ada: Actor, path: str, words: str, jar: str, is_read: bool
) -> None:
    mine = await ada.signs_in()
    raw = await RawSocket.connects(client)
    upgrading = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    headers = [f"Cookie: {jar}; session={mine}", f"Origin: http://{client.host}:{client.port}"]
    answer = await raw.asks(f"GET {path} HTTP/1.1", *headers, *(upgrading if path == "/ws" else []))
    good = 101 if path == "/ws" else 200
    assert answer.status in ({good} if is_read else {400, 431}), (words, answer)
    assert mine.encode() not in answer.body
    raw.hangs_up()
