"""What happens between two steps of a socket: a post, an end or a removal at the one wrong moment."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient

from chatapp.core.errors import Unavailable
from chatapp.core.events import Close
from chatapp.domain.chat import Chat
from chatapp.gateway import connection as connections
from chatapp.gateway.connection import Connection
from chatapp.settings import Settings
from chatapp.storage.statement import Statement
from tests.gateway.conftest import Opens
from tests.support.cast import Actor, Given
from tests.support.engine import behind_its_back
from tests.support.time import eventually
from tests.support.wire import CLOSE, TEXT, RawSocket, upgrade


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False, stalled_seconds=1)


def connection(chat: Chat, actor: Actor) -> Connection:
    (found,) = chat.hub._people[actor.person.id]
    assert isinstance(found, Connection)
    return found


def then(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, happens: Callable[[], Awaitable[Any]]) -> None:
    """Once, after that call has found its answer and before its caller has it."""
    call = getattr(owner, name)

    async def slow(*arguments: Any) -> Any:
        found = await call(*arguments)
        monkeypatch.setattr(owner, name, call)
        await happens()
        return found

    monkeypatch.setattr(owner, name, slow)


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_post_between_reading_and_going_live_is_heard_once(
    opens: Opens, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def posts() -> None:
        await ada.says("between")
        # Until the hub has told those who are live already.
        await asyncio.sleep(0)

    then(monkeypatch, ada.chat.messages, "newest", posts)
    raw = await opens(grace, path)
    if path == "/ws":
        raw.says(action="subscribe", room="general")
        assert (await raw.hears()).json["messages"] == []
    assert [message["content"] for message in (await raw.hears()).json["messages"]] == ["between"]
    await ada.says("after")
    assert [message["content"] for message in (await raw.hears()).json["messages"]] == ["after"]


async def test_a_socket_that_ends_while_it_subscribes_keeps_no_ear(
    opens: Opens, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody but the client ends the connection here.
    monkeypatch.setattr(connections, "CLOSE_SECONDS", 60)
    raw = await opens(ada)
    socket = connection(ada.chat, ada)

    async def ends() -> None:
        socket.end(Close.SESSION_ENDED, "session ended")

    async def has_read() -> None:
        read.set()

    read = asyncio.Event()
    then(monkeypatch, ada.chat.access, "membership_for", ends)
    then(monkeypatch, ada.chat.messages, "newest", has_read)
    raw.says(action="subscribe", room="general")
    heard = await raw.hears()
    assert heard.opcode == CLOSE
    await read.wait()
    # The client has not said goodbye yet: the socket is still there, and hears no room.
    await eventually(lambda: not socket.subscriptions)
    assert ada.chat.hub._rooms == {}
    await ada.says("secret")
    raw.sends(CLOSE, heard.payload)
    assert await raw.reader.read() == b""


async def test_a_removal_between_asking_and_joining_is_noticed(
    opens: Opens, given: Given, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    raw = await opens(grace)
    then(monkeypatch, ada.chat.access, "membership_for", lambda: ada.removes(grace, from_="designers"))
    raw.says(action="subscribe", room="designers", ref=1)
    assert (await raw.hears()).json["event"] == "roomRemoved"
    assert (await raw.hears()).json["error"]["code"] == "not_found"
    assert ada.chat.hub._rooms == {}


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_logout_between_asking_and_entering_is_noticed(
    client: TestClient[Any, Any], ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    (token,) = await grace.chat.sign_in.tokens(grace.person)
    revoke = grace.chat.sign_in.revoke_token
    then(monkeypatch, ada.chat.sign_in, "by_token", lambda: revoke(grace.person, token.id))
    raw = await RawSocket.opens(client, path, f"Authorization: Bearer {grace.token}")
    assert await raw.close_code() == Close.SESSION_ENDED
    raw.writer.transport.abort()


async def test_where_nothing_was_withdrawn_nothing_is_asked_twice(
    opens: Opens, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, asked = ada.chat.access._database, list[Statement]()
    hot = database.hot

    async def counted(statement: Statement, **named: Any) -> list[Any]:
        asked.append(statement)
        return await hot(statement, **named)

    await ada.says("the history is in memory")
    await ada.chat.messages.recent(ada.person, "general")
    monkeypatch.setattr(database, "hot", counted)
    raw = await opens(ada)
    raw.says(action="subscribe", room="general")
    assert len((await raw.hears()).json["messages"]) == 1
    # Whose token it is, and whether they are in the room.
    assert len(asked) == 2


async def test_who_is_no_longer_a_member_by_another_process_is_told_nothing_more_when_catching_up(
    opens: Opens, given: Given, settings: Settings, ada: Actor, grace: Actor
) -> None:
    """The hub of this process was told nothing of it."""
    room = await given.room("Designers", owner=ada, members=[grace])
    raw = await opens(grace)
    raw.says(action="subscribe", room="designers")
    assert (await raw.hears()).json["ok"]
    socket = connection(ada.chat, grace)
    ear = socket.subscriptions[room.id]
    with behind_its_back(settings.database_path) as database:
        database.execute("DELETE FROM memberships WHERE room_id = ? AND person_id = ?", (room.id, grace.person.id))
    # As when it had not read: it has the post still to come.
    ear.is_live = False
    ada.chat.hub._rooms[room.id].live.discard(ear)
    await ada.says("secret", in_="designers")
    socket.fell_behind(ear)
    await eventually(lambda: ear.is_closed)
    assert socket.subscriptions == {}
    raw.says(action="ping", ref="next")
    assert (await raw.hears()).json["ref"] == "next"


async def test_a_small_door_that_closes_while_it_catches_up_says_nothing_more(
    opens: Opens, given: Given, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await given.room("Designers", owner=ada, members=[grace])
    raw = await opens(grace, "/rooms/designers/ws")
    await eventually(lambda: ada.chat.hub._rooms.get(room.id) and ada.chat.hub._rooms[room.id].live)
    socket = connection(ada.chat, grace)
    ear = socket.subscriptions[room.id]
    ada.chat.hub._rooms[room.id].live.discard(ear)
    await ada.says("secret", in_="designers")
    then(monkeypatch, ada.chat.messages, "next_posts", lambda: ada.removes(grace, from_="designers"))
    socket.fell_behind(ear)
    answer = (await raw.hears()).json
    assert (answer["messages"], answer["error"]["code"]) == ([], "not_found")
    assert await raw.close_code() == 1000
    await eventually(lambda: socket._catching_up is None)
    assert ear.index == 0


async def test_a_catching_up_that_fails_closes_that_socket_and_no_other(
    opens: Opens, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, other = await opens(grace), await ada.listens_to()
    raw.says(action="subscribe", room="general")
    assert (await raw.hears()).json["ok"]
    socket = connection(ada.chat, grace)

    async def refuses(*_: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(ada.chat.messages, "next_changes", refuses)
    socket.fell_behind(*socket.subscriptions.values())
    # Coming again, the client asks for what it has missed.
    assert await raw.close_code() == 1011
    await ada.says("goes on")
    assert [message["content"] for message in await other.hears_messages(1)] == ["goes on"]


async def test_who_takes_a_little_now_and_then_is_waited_for_longer_than_who_takes_nothing(
    opens: Opens, ada: Actor
) -> None:
    raw = await opens(ada, receive_buffer=4096)
    socket = connection(ada.chat, ada)
    loop = asyncio.get_running_loop()
    began = loop.time()
    socket._transport.write(bytes(4_000_000))
    waiting = asyncio.create_task(socket.may_take_more())
    while not waiting.done():
        assert await raw.reader.read(80_000)
        await asyncio.sleep(0.002 if loop.time() - began > 1.5 else 0.05)
    assert await waiting
    assert loop.time() - began > 1


async def test_a_client_that_is_gone_before_it_is_let_in_leaves_nothing(
    client: TestClient[Any, Any], ada: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await RawSocket.connects(client)
    assert client.server.runner
    server = client.server.runner.server
    assert server
    # As the server that people run, not as aiohttp's of tests.
    server.handler_cancellation = False
    is_over = asyncio.Event()

    async def hangs_up() -> None:
        raw.hangs_up()
        await eventually(lambda: server.connections[0].transport is None)
        asyncio.get_running_loop().call_soon(is_over.set)

    then(monkeypatch, ada.chat.access, "room_for", hangs_up)
    asked = ["GET /rooms/general/ws HTTP/1.1", *upgrade(), f"Authorization: Bearer {ada.token}"]
    with structlog.testing.capture_logs() as lines:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await raw.asks(*asked)
        await is_over.wait()
        await eventually(lambda: not server.connections)
    assert len(ada.chat.hub) == 0
    assert [line for line in lines if line["log_level"] == "error"] == []
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert (await (await ada.connects()).asks("ping"))["pong"]


async def test_where_the_kernel_has_no_such_bound_a_socket_opens_all_the_same(
    opens: Opens, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(sockets, "TCP_NOTSENT_LOWAT", raising=False)
    raw = await opens(ada)
    raw.sends(TEXT, json.dumps({"action": "ping"}))
    assert (await raw.hears()).json["pong"]


async def test_who_leaves_while_the_missed_is_read_is_told_nothing_of_it(
    opens: Opens, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = await opens(grace)
    raw.says(action="subscribe", room="general")
    assert (await raw.hears()).json["ok"]
    socket = connection(ada.chat, grace)
    (ear,) = socket.subscriptions.values()
    ear.is_live = False
    ada.chat.hub._rooms[ear.room_id].live.discard(ear)
    await ada.says("secret")

    async def leaves() -> None:
        socket.leave(ear.room_id)

    then(monkeypatch, ada.chat.messages, "next_changes", leaves)
    socket.fell_behind(ear)
    await eventually(lambda: ear.is_closed and not socket._behind)
    raw.says(action="ping", ref="next")
    assert (await raw.hears()).json["ref"] == "next"


async def test_who_is_removed_on_the_threshold_of_a_room_leaves_nothing_behind(
    opens: Opens, ada: Actor, grace: Actor, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await given.room("Designers", owner=ada, members=[grace])
    then(monkeypatch, ada.chat.access, "room_for", lambda: ada.removes(grace, from_="designers"))
    raw = await opens(grace, "/rooms/designers/ws")
    assert (await raw.hears()).json["error"]["code"] == "not_found"
    assert await raw.close_code() == Close.NORMAL
    await eventually(lambda: room.id not in ada.chat.hub.heard_rooms())
