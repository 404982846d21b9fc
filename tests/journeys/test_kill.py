"""A process that is killed in the middle of writing has lost nothing of what it answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.server import PASSWORD, Server

WRITERS = 20
ROUNDS = 3
WRITING_SECONDS = 0.7


class Writer:
    """Posts without end, remembers what was answered, and sends again what was not."""

    def __init__(self, server: Server, token: str, name: str) -> None:
        self._server = server
        self._token = token
        self._name = name
        self._count = 0
        self.answered: dict[str, str] = {}

    async def write(self) -> None:
        """Until the connection dies."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.ws_connect(f"{self._server.url}/ws") as ws,
        ):
            await ws.receive()
            while True:
                # The same key again when the answer never came: stored or not, it is one message.
                client_id = f"{self._name}-{self._count}"
                content = f"{self._name} says {self._count}"
                frame = {"action": "sendMessage", "room": "general", "content": content, "client_id": client_id}
                await ws.send_str(json.dumps(frame))
                message = await ws.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                assert json.loads(message.data)["ok"], message.data
                self.answered[client_id] = content
                self._count += 1


@pytest.fixture
async def prepared(tmp_path: Path) -> AsyncIterator[tuple[Server, str]]:
    server = Server(tmp_path / "data", LIMITS="off")
    token = await server.add_person("ada", is_admin=True)
    yield server, token
    await server.kill()


async def history(server: Server, token: str) -> list[dict[str, Any]]:
    headers, after = {"Authorization": f"Bearer {token}"}, 0
    found: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            url = f"{server.url}/api/v1/rooms/general/messages?after={after}&limit=100"
            page = (await (await session.get(url)).json())["messages"]
            if not page:
                return found
            found += page
            after = page[-1]["index"]


@pytest.mark.timeout(120)
async def test_every_answered_message_is_there_once_after_kills(prepared: tuple[Server, str]) -> None:
    server, token = prepared
    writers = [Writer(server, token, f"w{number}") for number in range(WRITERS)]
    for _ in range(ROUNDS):
        await server.start()
        at_work = [asyncio.create_task(writer.write()) for writer in writers]
        await asyncio.sleep(WRITING_SECONDS)
        await server.kill()
        await asyncio.gather(*at_work, return_exceptions=True)
    await server.start()
    messages = await history(server, token)
    assert [message["index"] for message in messages] == list(range(1, len(messages) + 1))
    assert len({message["version"] for message in messages}) == len(messages)
    stored = {message["client_id"]: message["content"] for message in messages}
    assert len(stored) == len(messages)
    answered = {key: content for writer in writers for key, content in writer.answered.items()}
    assert len(answered) > WRITERS * ROUNDS
    assert {key: stored.get(key) for key in answered} == answered


@pytest.mark.timeout(60)
async def test_a_second_process_on_the_same_data_refuses_with_a_sentence(prepared: tuple[Server, str]) -> None:
    server, _ = prepared
    await server.start()
    second = Server(server.data)
    with pytest.raises(AssertionError, match="One process owns a SQLite file"):
        await second.start()


@pytest.mark.timeout(60)
async def test_no_secret_is_on_the_console_or_in_the_file(prepared: tuple[Server, str]) -> None:
    server, token = prepared
    await server.start()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        ws = await session.ws_connect(f"{server.url}/ws?token={token}")
        await ws.close()
        body = {"username": "ada", "password": PASSWORD}
        made = await (await session.post(f"{server.url}/api/v1/tokens", json=body)).json()
        secrets = [token, PASSWORD, made["token"]]
        for secret in secrets[::2]:
            answer = await session.get(f"{server.url}/api/v1/me?token={secret}", headers={"X-Request-Id": "x" * 20})
            assert answer.status == 401
    assert await server.stop() == 0
    console = "\n".join(server.output)
    kept = b"".join(path.read_bytes() for path in server.data.iterdir())
    assert "path=/ws" in console
    assert [secret for secret in secrets if secret in console or secret.encode() in kept] == []


@pytest.mark.timeout(60)
async def test_a_restart_says_goodbye_to_every_socket_at_once(prepared: tuple[Server, str]) -> None:
    server, token = prepared
    await server.start()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        sockets = [await session.ws_connect(f"{server.url}/ws") for _ in range(5)]
        for ws in sockets:
            assert (await ws.receive_json())["event"] == "hello"
        stopping = asyncio.create_task(server.stop())
        started = asyncio.get_running_loop().time()
        for ws in sockets:
            assert (await ws.receive_json())["event"] == "draining"
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
            assert ws.close_code == 1012
        # A goodbye that is not heard is waited for two seconds.
        assert asyncio.get_running_loop().time() - started < 1.5
        assert await stopping == 0


@pytest.mark.timeout(60)
async def test_what_cannot_be_parsed_is_logged_without_its_bytes(prepared: tuple[Server, str]) -> None:
    server, token = prepared
    await server.start()
    for request in (
        f"GET /ws HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\x01\r\n\r\n",
        f"GET /ws?token={token}\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        f"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdeXX{token}",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request.encode())
        assert (await reader.readline()).split()[1] in {b"400", b"403"}
        writer.close()
    await server.stop()
    console = "\n".join(server.output)
    assert "request.unreadable" in console
    assert token not in console
    assert "Traceback" not in console


@pytest.mark.timeout(60)
async def test_everything_it_writes_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    server = Server(tmp_path / "data")
    await server.start()
    try:
        modes = {path.name: oct(path.stat().st_mode & 0o077) for path in server.data.iterdir()}
        assert "chatapp.db" in modes
        assert set(modes.values()) == {"0o0"}
    finally:
        await server.kill()
