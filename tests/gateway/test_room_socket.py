"""The small door: the exchange of the tutorial's page, frame by frame, and lines of text for people who type."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

import pytest
from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient

from chatapp.core.models import Attach
from chatapp.gateway.room_socket import RoomSocket
from chatapp.settings import Settings
from tests.gateway.conftest import Opens
from tests.gateway.test_between_steps import then
from tests.support.cast import Actor, Given
from tests.support.wire import TEXT

PATH: Final = "/rooms/general/ws"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


async def hears(ws: ClientWebSocketResponse) -> dict[str, Any]:
    """The next frame: always an object with a ``messages`` array."""
    frame = json.loads(await ws.receive_str(timeout=20))
    assert isinstance(frame["messages"], list)
    return frame  # type: ignore[no-any-return]


async def is_silent(ws: ClientWebSocketResponse) -> bool:
    try:
        await ws.receive(timeout=0.15)
    except TimeoutError:
        return True
    return False


async def test_the_exchange_of_the_tutorial(ada: Actor, grace: Actor, client: TestClient[Any, Any]) -> None:
    first = await client.ws_connect(f"{PATH}?token={ada.token}")
    await first.send_json({"action": "getRecentMessages"})
    assert await hears(first) == {"messages": []}

    await first.send_json({"action": "sendMessage", "content": "Hello", "token": ada.token, "username": "ada"})
    (message,) = (await hears(first))["messages"]
    assert message.items() >= {"username": "ada", "content": "Hello", "index": 1}.items()
    assert message["timestamp"].endswith("Z")

    second = await client.ws_connect(f"{PATH}?token={grace.token}")
    assert await is_silent(second)
    await second.send_json({"action": "getRecentMessages"})
    assert await hears(second) == {"messages": [message]}
    assert await is_silent(first)

    await second.send_json({"action": "sendMessage", "content": "Hi Ada"})
    frames = [await hears(ws) for ws in (first, second)]
    assert frames[0] == frames[1]
    assert [(m["username"], m["content"], m["index"]) for m in frames[0]["messages"]] == [("grace", "Hi Ada", 2)]
    for ws in (first, second):
        await ws.close()


async def test_the_last_ten_come_oldest_first(ada: Actor) -> None:
    for number in range(1, 13):
        await ada.says(f"{number}")
    ws = await ada.opens(PATH)
    await ws.send_json({"action": "getRecentMessages"})
    assert [message["index"] for message in (await hears(ws))["messages"]] == list(range(3, 13))


async def test_what_was_deleted_does_not_count_among_the_last_ten(ada: Actor) -> None:
    for number in range(1, 25):
        await ada.says(f"{number}")
    for index in (12, *range(15, 25)):
        await ada.chat.messages.delete(ada.person, "general", index)
    ws = await ada.opens(PATH)
    await ws.send_json({"action": "getRecentMessages"})
    assert [message["index"] for message in (await hears(ws))["messages"]] == [4, 5, 6, 7, 8, 9, 10, 11, 13, 14]


async def test_only_new_posts_are_sent_here(ada: Actor, grace: Actor) -> None:
    ws = await grace.opens(PATH)
    # Once it answers it hears what is new; before that it might read the edit instead.
    await ws.send_json({"action": "getRecentMessages"})
    assert await hears(ws) == {"messages": []}
    for content in ("one", "two"):
        await ada.says(content)
    await ada.chat.messages.edit(ada.person, "general", 1, "ONE")
    await ada.chat.messages.delete(ada.person, "general", 2)
    await ada.says("three")
    heard: list[str] = []
    while len(heard) < 3:
        heard += [message["content"] for message in (await hears(ws))["messages"]]
    assert heard == ["one", "two", "three"]
    await ws.send_json({"action": "getRecentMessages"})
    assert [m["content"] for m in (await hears(ws))["messages"]] == ["ONE", "three"]


@pytest.mark.parametrize("before", ["room_for", "enter"])
async def test_what_is_posted_once_a_room_socket_is_open_is_heard(
    opens: Opens, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """Between the answer to the upgrade and the socket's first look: the history was perhaps read elsewhere."""
    await ada.says("history")
    start = RoomSocket.start

    async def slow(socket: RoomSocket) -> None:
        if before == "enter":
            await ada.says("between")
        else:
            then(monkeypatch, ada.chat.access, "room_for", lambda: ada.says("between"))
        await start(socket)

    monkeypatch.setattr(RoomSocket, "start", slow)
    raw = await opens(grace, "/rooms/general/ws")
    assert [message["content"] for message in (await raw.hears()).json["messages"]] == ["between"]
    await ada.says("after")
    assert [message["content"] for message in (await raw.hears()).json["messages"]] == ["after"]


async def test_other_rooms_and_other_news_are_not_for_this_door(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    ws = await grace.opens(PATH)
    await ada.says("elsewhere", in_="designers")
    await ada.chat.rooms.update(ada.person, "designers", topic="Letters")
    await ada.chat.messages.note_typing(ada.person, "general", is_active=True)
    await ada.removes(grace, from_="designers")
    await ada.says("here")
    frames = [json.loads(await ws.receive_str(timeout=20)) for _ in range(1)]
    while not frames[-1].get("messages"):
        frames.append(json.loads(await ws.receive_str(timeout=20)))
    assert [message["content"] for message in frames[-1]["messages"]] == ["here"]


async def test_who_and_where_are_the_connections_own(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada)
    ws = await ada.opens(PATH)
    await ws.send_json({"action": "sendMessage", "content": "x", "username": "grace", "room": "designers"})
    (message,) = (await hears(ws))["messages"]
    assert (message["username"], message["room"]) == ("ada", "general")


async def test_a_token_in_the_frame_must_be_of_the_same_person(
    ada: Actor, grace: Actor, subtests: pytest.Subtests
) -> None:
    ws = await ada.opens(PATH)
    _, other = await ada.chat.sign_in.create_jwt(ada.person)
    for name, token in {"the same": ada.token, "another of hers": other, "empty": "", "null": None}.items():
        with subtests.test(name):
            await ws.send_json({"action": "sendMessage", "content": name, "token": token})
            assert (await hears(ws))["messages"][0]["content"] == name
    for name, wrong in {"somebody else's": grace.token, "garbage": "x", "a number": 5, "an object": {"a": 1}}.items():
        with subtests.test(name):
            await ws.send_json({"action": "sendMessage", "content": name, "token": wrong})
            frame = await hears(ws)
            assert (frame["messages"], frame["error"]["code"], frame["error"]["status"]) == ([], "forbidden", 403)
    assert len((await ada.chat.messages.recent(ada.person, "general")).messages) == 4


async def test_a_key_keeps_a_message_from_being_posted_twice_and_the_first_comes_back(ada: Actor, grace: Actor) -> None:
    hers = await grace.opens(PATH)
    for _ in range(2):
        ws = await ada.opens(PATH)
        for _ in range(2):
            await ws.send_json({"action": "sendMessage", "content": "once", "client_id": "k"})
            assert [m["content"] for m in (await hears(ws))["messages"]] == ["once"]
    await ws.send_json({"action": "sendMessage", "content": "again", "client_id": None})
    assert [(m["index"], m["content"]) for m in (await hears(ws))["messages"]] == [(2, "again")]
    assert [m["content"] for _ in range(2) for m in (await hears(hers))["messages"]] == ["once", "again"]


async def test_content_is_there_where_only_a_file_was_sent(ada: Actor) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"hello"

    ws, typing = await ada.opens(PATH), await ada.opens(f"{PATH}?format=text")
    file = await ada.chat.files.upload(ada.person, "general", "plan.txt", pieces())
    await ada.says("", attachments=[Attach(file.shown.id)])
    (heard,) = (await hears(ws))["messages"]
    assert (heard["content"], heard["attachments"][0]["name"]) == ("", "plan.txt")
    assert await typing.receive_str(timeout=20) == "ada: plan.txt"
    await ws.send_json({"action": "getRecentMessages"})
    assert (await hears(ws))["messages"] == [heard]


BAD: Final = {
    "not JSON": ("hello", "bad_json", 400),
    "empty": ("", "bad_json", 400),
    "a list": ("[1]", "bad_json", 400),
    "null": ("null", "bad_json", 400),
    "NaN": ('{"action": "sendMessage", "content": NaN}', "bad_json", 400),
    "20,000 deep": ("[" * 20_000, "bad_json", 400),
    "5,000 digits": ('{"action": ' + "9" * 5000 + "}", "bad_json", 400),
    "the same key twice": ('{"action": "x", "action": "getRecentMessages"}', "bad_json", 400),
    "no action": ("{}", "unknown_action", 400),
    "another action": ('{"action": "subscribe"}', "unknown_action", 400),
    "an action that is no string": ('{"action": ["sendMessage"]}', "unknown_action", 400),
    "no content": ('{"action": "sendMessage"}', "bad_request", 400),
    "content a number": ('{"action": "sendMessage", "content": 5}', "bad_request", 400),
    "content an object": ('{"action": "sendMessage", "content": {"a": 1}}', "bad_request", 400),
    "client_id an object": ('{"action": "sendMessage", "content": "x", "client_id": {}}', "bad_request", 400),
    "client_id of 65": (
        json.dumps({"action": "sendMessage", "content": "x", "client_id": "x" * 65}),
        "bad_request",
        400,
    ),
    "blank": ('{"action": "sendMessage", "content": " "}', "invalid", 422),
    "NUL": ('{"action": "sendMessage", "content": "a\\u0000"}', "invalid", 422),
    "a lone surrogate": ('{"action": "sendMessage", "content": "\\ud800"}', "invalid", 422),
    "8,001": (json.dumps({"action": "sendMessage", "content": "x" * 8001}), "too_large", 413),
}


async def test_one_bad_frame_costs_one_error(opens: Opens, ada: Actor, grace: Actor, subtests: pytest.Subtests) -> None:
    raw, witness = await opens(ada, PATH), await grace.listens_to()
    for name, (data, code, status) in BAD.items():
        with subtests.test(name):
            raw.sends(TEXT, data)
            frame = (await raw.hears()).json
            assert frame["messages"] == []
            assert (frame["error"]["code"], frame["error"]["status"]) == (code, status)
            assert frame["error"]["message"]
    raw.says(action="getRecentMessages")
    assert (await raw.hears()).json == {"messages": []}
    assert await witness.silence()


# Lines of text


async def test_each_line_is_a_post_and_each_post_a_line(ada: Actor, grace: Actor) -> None:
    typing, reading = await ada.opens(f"{PATH}?format=text"), await grace.opens(f"{PATH}?format=text")
    page = await grace.opens(PATH)
    for line in ("hello", '{"action": "getRecentMessages"}', "世界 👋\r\n", "  indented"):
        await typing.send_str(line)
    expected = ["ada: hello", 'ada: {"action": "getRecentMessages"}', "ada: 世界 👋", "ada:   indented"]
    for ws in (typing, reading):
        assert [await ws.receive_str(timeout=20) for _ in range(4)] == expected
    assert (await hears(page))["messages"][0]["content"] == "hello"


async def test_what_cannot_be_posted_is_said_in_a_line(ada: Actor) -> None:
    ws = await ada.opens(f"{PATH}?format=text")
    for line in ("", "   ", "x" * 8001, "a\x00b"):
        await ws.send_str(line)
        assert (await ws.receive_str(timeout=20)).startswith("! ")
    await ws.send_str("fine")
    assert await ws.receive_str(timeout=20) == "ada: fine"


async def test_another_format_is_json(ada: Actor) -> None:
    ws = await ada.opens(f"{PATH}?format=TEXT")
    await ws.send_json({"action": "getRecentMessages"})
    assert await hears(ws) == {"messages": []}


async def test_both_doors_are_one_room(ada: Actor, grace: Actor) -> None:
    ear, ws = await ada.listens_to(), await grace.opens(PATH)
    await ear.says("by the big door")
    await ws.send_json({"action": "sendMessage", "content": "by the small one"})
    assert [m["content"] for m in await ear.hears_messages(2)] == ["by the big door", "by the small one"]
    assert [m["content"] for _ in range(2) for m in (await hears(ws))["messages"]] == [
        "by the big door",
        "by the small one",
    ]


async def test_many_at_the_small_door_hear_the_same(ada: Actor, grace: Actor) -> None:
    doors = [await actor.opens(PATH) for actor in (ada, grace) for _ in range(4)]
    for number in range(5):
        await asyncio.gather(*(ws.send_json({"action": "sendMessage", "content": f"{number}"}) for ws in doors))

    async def all_of(ws: ClientWebSocketResponse) -> list[int]:
        found: list[int] = []
        while len(found) < 40:
            found += [message["index"] for message in (await hears(ws))["messages"]]
        return found

    assert await asyncio.gather(*(all_of(ws) for ws in doors)) == [list(range(1, 41))] * 8
