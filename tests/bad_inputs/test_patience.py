"""Rows that need a chat of their own: 31, 52 to 54, 56 to 59, 63, 69, 73 and 74."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient

from chatapp.domain.messages import Messages
from chatapp.gateway.commands import rooms
from chatapp.settings import Settings
from chatapp.web import bodies, forms
from tests.support.cast import Actor, Given
from tests.support.house import until
from tests.support.wire import PING, PONG, TEXT, RawSocket

Client = TestClient[Any, Any]


@pytest.fixture
async def raw(client: Client, ada: Actor) -> AsyncIterator[RawSocket]:
    raw = await RawSocket.opens(client, "/ws", f"Authorization: Bearer {ada.token}")
    assert (await raw.hears()).json["event"] == "hello"
    yield raw
    raw.hangs_up()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/rooms/general/messages", "application/json"),
        ("/api/v1/rooms/general/messages", "text/plain"),
        ("/api/v1/tokens", "application/json"),
        ("/login", "application/x-www-form-urlencoded"),
        ("/login", "multipart/form-data; boundary=x"),
    ],
)
async def test_31_a_body_that_drips_is_not_waited_for(
    client: Client, ada: Actor, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.2)
    raw = await RawSocket.connects(client)
    origin = f"Origin: http://{client.host}:{client.port}"
    bearer = [f"Authorization: Bearer {ada.token}"] if path.startswith("/api") else []

    async def drips() -> None:
        while True:
            raw.writer.write(b"x")
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drips())
    answer = await raw.asks(f"POST {path} HTTP/1.1", origin, *bearer, f"Content-Type: {kind}", "Content-Length: 9999")
    dripping.cancel()
    assert answer.status == 408
    assert b"Traceback" not in answer.body
    raw.hangs_up()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_33_who_hangs_up_in_the_middle_of_a_form_is_no_bug_of_ours(client: Client, ada: Actor, kind: str) -> None:
    with structlog.testing.capture_logs() as lines:
        raw = await RawSocket.connects(client)
        head = [f"Host: {client.host}:{client.port}", f"Origin: http://{client.host}:{client.port}"]
        head += [f"Content-Type: {kind}", "Content-Length: 999", "", "--x\r\n"]
        raw.writer.write("\r\n".join(["POST /login HTTP/1.1", *head]).encode())
        await raw.writer.drain()
        await client.get("/ping")
        raw.hangs_up()
        await until(lambda: any(line["event"] == "request" for line in lines))
    assert [line for line in lines if line["log_level"] == "error"] == []


async def test_52_a_key_that_was_used_says_what_it_was_used_for(given: Given, ada: Actor, grace: Actor) -> None:
    ear, hers = await ada.connects(), await grace.connects()
    first = await ear.says("one", client_id="k")
    assert await ear.says("one", client_id="k") == first
    other = await ear.asks("sendMessage", room="general", content="two", client_id="k")
    assert (other["error"]["code"], other["error"]["status"]) == ("conflict", 409)
    # 53: the key is the author's own.
    assert (await hers.says("one", client_id="k"))["index"] == 2
    elsewhere = await given.room("ops", owner=ada)
    assert (await ear.asks("sendMessage", room=elsewhere.slug, content="one", client_id="k"))["error"]["status"] == 409


async def test_56_hearing_a_room_twice_is_hearing_it_once(ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    ear = await ada.listens_to()
    assert (await ear.subscribes("general"))["complete"]
    await ear.says("once")
    assert len((await ear.hears())["messages"]) == 1
    assert await ear.silence()
    # Of more rooms than a socket may hear, the next one is refused.
    monkeypatch.setattr(rooms, "ROOMS", 1)
    await ada.chat.rooms.create(ada.person, name="ops")
    assert (await ear.asks("subscribe", room="ops"))["error"]["code"] == "rate_limited"
    assert (await ear.subscribes("general"))["complete"]


@pytest.mark.parametrize("fields", [{"after": 99}, {"after": 0, "epoch": "another"}, {"after": 2**53}])
async def test_57_a_position_in_another_history_is_a_marked_gap(ada: Actor, fields: dict[str, Any]) -> None:
    ear = await ada.connects()
    await ear.says("one")
    answer = await ear.subscribes("general", **fields)
    assert answer["complete"] is False
    assert answer["epoch"] == ear.hello["epoch"]
    assert [message["content"] for message in answer["messages"]] == ["one"]


async def test_58_a_flood_is_slowed_down_and_then_cut_off(raw: RawSocket, grace: Actor) -> None:
    for number in range(200):
        raw.says(action="sendMessage", room="general", content=f"{number}")
    answers = [(await raw.hears()).json for _ in range(120)]
    assert [answer["ok"] for answer in answers] == [True] * 20 + [False] * 100
    assert {(a["error"]["code"], a["error"]["status"], a["error"]["retry_after"] > 0) for a in answers[20:]} == {
        ("rate_limited", 429, True)
    }
    assert await raw.close_code() == 4429
    assert (await (await grace.connects()).says("not me"))["index"] == 21


class TestFewPlaces:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, sockets_per_person=1)

    @pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
    async def test_59_one_socket_too_many_is_told_to_come_back(
        self, client: Client, ada: Actor, grace: Actor, path: str
    ) -> None:
        ear = await ada.connects()
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(path, headers=ada.bearer)
        assert refused.value.status == 503
        assert refused.value.headers
        assert int(refused.value.headers["Retry-After"]) > 0
        assert (await ear.asks("ping"))["pong"]
        assert (await (await grace.connects()).asks("ping"))["pong"]


async def test_63_empty_pieces_make_no_message(raw: RawSocket, grace: Actor) -> None:
    raw.sends(TEXT, b"", is_final=False)
    for _ in range(2000):
        raw.sends(0, b"", is_final=False)
    raw.sends(0, b'{"action":"ping"}')
    assert (await raw.hears()).json["pong"]


async def test_69_a_thousand_pings_get_at_most_a_thousand_pongs(raw: RawSocket, grace: Actor) -> None:
    ear = await grace.connects()
    raw.writer.write(b"".join(b"\x89\x80mask" for _ in range(1000)))
    assert (await ear.asks("ping"))["pong"]
    raw.says(action="ping", ref="last")
    heard = [await raw.hears()]
    while heard[-1].opcode == PONG:
        heard.append(await raw.hears())
    assert len(heard) <= 1001
    assert heard[-1].json["ref"] == "last"
    assert PING not in {found.opcode for found in heard}


async def test_73_who_was_removed_is_told_so_and_hears_nothing_more(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("ops", owner=ada, members=[grace])
    ear, small = await grace.listens_to("ops"), await grace.opens("/rooms/ops/ws")
    await ada.removes(grace, from_="ops")
    assert await ear.hears("roomRemoved") == {"event": "roomRemoved", "room": "ops"}
    await ada.says("secret", in_="ops")
    assert await ear.silence()
    assert json.loads((await small.receive()).data)["error"]["code"] == "not_found"
    assert (await small.receive()).data == 1000
    assert (await ear.asks("sendMessage", room="ops", content="x"))["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_74_a_bug_is_our_fault_and_is_said_once(
    client: Client, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def breaks(*_: Any) -> None:
        raise ZeroDivisionError("a bug with a secret in it")

    ear, raw = await grace.listens_to(), await RawSocket.opens(client, path, f"Authorization: Bearer {ada.token}")
    if path == "/ws":
        await raw.hears()
    monkeypatch.setattr(Messages, "post", breaks)
    with structlog.testing.capture_logs() as lines:
        raw.says(action="sendMessage", room="general", content="x")
        answer = (await raw.hears()).json
        assert (answer["error"]["code"], answer["error"]["status"]) == ("internal", 500)
        assert "secret" not in json.dumps(answer)
        assert await raw.close_code() == 1011
    raw.hangs_up()
    assert len([line for line in lines if line.get("exc_info") and line["log_level"] == "error"]) == 1
    assert (await ear.asks("ping"))["pong"]
