"""What a process writes, on its console and into its folder, tells nobody else anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.engine import FILES
from tests.support.server import PASSWORD, Server


@pytest.fixture
async def prepared(tmp_path: Path) -> AsyncIterator[tuple[Server, str]]:
    server = Server(tmp_path / "data", LIMITS="off")
    token = await server.add_person("ada", is_admin=True)
    yield server, token
    await server.kill()


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


async def test_everything_it_writes_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    server = Server(tmp_path / "data")
    await server.start()
    try:
        modes = {path.name: oct(path.stat().st_mode & 0o077) for path in server.data.iterdir()}
        assert modes.keys() >= FILES
        assert set(modes.values()) == {"0o0"}
    finally:
        await server.kill()
