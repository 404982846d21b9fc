"""The server is told to go: every client hears so, and the next start goes on."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.support.server import Server

SOCKETS = 10
# More than lies between two ends of a connection.
LARGE = 20_000_000


@pytest.fixture
async def prepared(tmp_path: Path) -> AsyncIterator[tuple[Server, str]]:
    server = Server(tmp_path / "data")
    token = await server.add_person("ada")
    await server.start()
    yield server, token
    await server.kill()


async def closed_with(ws: ClientWebSocketResponse) -> int:
    """The code in the server's goodbye."""
    while (message := await ws.receive(timeout=20)).type is WSMsgType.TEXT:
        pass
    assert message.type is WSMsgType.CLOSE
    return int(message.data)


async def test_sigterm_closes_every_socket_with_1012_and_loses_nothing(prepared: tuple[Server, str]) -> None:
    server, token = prepared
    async with ClientSession() as session:
        sockets = [await session.ws_connect(f"{server.url}/ws?token={token}") for _ in range(SOCKETS)]
        sockets.append(await session.ws_connect(f"{server.url}/rooms/general/ws?token={token}"))
        await sockets[-1].send_json({"action": "sendMessage", "content": "last words"})
        assert (await sockets[-1].receive_json())["messages"][0]["index"] == 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        stopping = asyncio.create_task(server.stop())
        assert await asyncio.gather(*(closed_with(ws) for ws in sockets)) == [1012] * (SOCKETS + 1)
        assert await stopping == 0
    assert loop.time() - began < 5
    await server.start()
    async with ClientSession() as session, session.ws_connect(f"{server.url}/rooms/general/ws?token={token}") as ws:
        await ws.send_json({"action": "getRecentMessages"})
        assert [message["content"] for message in (await ws.receive_json())["messages"]] == ["last words"]


async def test_who_waits_for_a_change_does_not_hold_the_stop(prepared: tuple[Server, str]) -> None:
    """Until 10 seconds were over, and then nobody had answered; Docker kills after as many."""
    server, token = prepared
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    path = "/api/v1/rooms/general/changes?after=0&wait=30"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: chat.test\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    # A while in which the call has arrived.
    shorter = f"{server.url}/api/v1/rooms/general/changes?after=0&wait=1"
    bearer = {"Authorization": f"Bearer {token}"}
    async with ClientSession() as session, session.get(shorter, headers=bearer) as answer:
        assert answer.status == 200
    async with asyncio.timeout(5):
        assert await server.stop() == 0
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_who_reads_nothing_does_not_hold_the_stop_for_ten_seconds(prepared: tuple[Server, str]) -> None:
    """After as many Docker kills: sockets that say no goodbye, and then downloads, have their time within."""
    server, token = prepared
    bearer = {"Authorization": f"Bearer {token}"}
    async with ClientSession(headers=bearer) as session:
        into = f"{server.url}/api/v1/files?room=general&name=large"
        async with session.post(into, data=io.BytesIO(bytes(LARGE))) as answer:
            address = (await answer.json())["url"]
        head = f"Host: chat.test\r\nAuthorization: Bearer {token}\r\n"
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        key = base64.b64encode(bytes(16)).decode()
        socket = await says(server, f"GET /ws HTTP/1.1\r\n{head}{upgrade}{key}\r\n\r\n")
        download = await says(server, f"GET {address} HTTP/1.1\r\n{head}\r\n")
        async with asyncio.timeout(12):
            assert await server.stop() == 0
        for writer in (socket, download):
            writer.transport.abort()


async def says(server: Server, request: str) -> asyncio.StreamWriter:
    """On a connection of its own, of which little is read, once it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    writer.write(request.encode())
    assert (await reader.read(9)) == b"HTTP/1.1 "
    return writer


@pytest.mark.file_only("there several processes may share the database")
async def test_a_second_process_on_the_same_data_refuses_with_a_sentence(prepared: tuple[Server, str]) -> None:
    server, _ = prepared
    second = Server(server.data)
    with pytest.raises(AssertionError, match="One process owns a SQLite file"):
        await second.start()
