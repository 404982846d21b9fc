"""One process per data folder, that goes when it is told to and says nothing secret."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, CookieJar, WSMsgType
from websockets.asyncio.client import connect

from tests.support.server import PASSWORD, Server

SECOND: Final = "another horse battery"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path / "data")
    yield made
    await made.kill()


async def test_a_second_process_is_refused_with_a_sentence(server: Server) -> None:
    await server.start()
    second = Server(server.data)
    await second.start_in_vain()
    assert re.search(r"Another chatapp \(process \d+\) is using .*data", "\n".join(second.output))
    assert not any("Traceback" in line for line in second.output)
    async with ClientSession() as session, session.get(f"{server.url}/healthz") as answer:
        assert answer.status == 200


async def test_sigterm_closes_every_socket_with_1012_and_ends_in_time(server: Server) -> None:
    token = await server.add_person("ada")
    await server.start()
    async with ClientSession() as session:
        sockets = [await session.ws_connect(f"{server.url}/ws?token={token}") for _ in range(10)]
        sockets.append(await session.ws_connect(f"{server.url}/rooms/general/ws?token={token}"))
        loop = asyncio.get_running_loop()
        began = loop.time()
        stopping = asyncio.create_task(server.stop())
        codes = await asyncio.gather(*(closed_with(ws) for ws in sockets))
        assert await stopping == 0
    assert codes == [1012] * 11
    assert loop.time() - began < 5
    await server.start()


async def closed_with(ws: Any) -> int:
    """The code in the server's goodbye."""
    while (message := await ws.receive(timeout=5)).type is WSMsgType.TEXT:
        pass
    assert message.type is WSMsgType.CLOSE
    return int(message.data)


async def test_nothing_secret_is_ever_printed(server: Server) -> None:
    """Passwords, cookies, tokens of every kind, in every place where they may be sent."""
    await server.add_person("ada", is_admin=True)
    await server.start()
    secrets = [PASSWORD, SECOND]
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        await signs_in(browser, server.url, SECOND)
        await signs_in(browser, server.url, PASSWORD)
        secrets.append(next(cookie.value for cookie in browser.cookie_jar if cookie.key == "session"))
        token = await jwt(server.url)
        secrets.append(token)
        await knocks(browser, server.url, token)
    async with connect(f"{server.url.replace('http', 'ws')}/ws?token={token}", proxy=None) as socket:
        await socket.recv()
        await socket.send(json.dumps({"action": "sendMessage", "room": "general", "content": "hi", "token": token}))
        assert json.loads(await socket.recv())["ok"]
    assert await server.stop() == 0
    said = "\n".join(server.output)
    assert "path=/ws" in said
    assert [secret for secret in secrets if secret in said] == []
    assert "setup_code" not in said


async def signs_in(browser: ClientSession, url: str, password: str) -> None:
    page = await (await browser.get(f"{url}/login")).text()
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    form = {"csrf": csrf[1], "username": "ada", "password": password}
    async with browser.post(f"{url}/login", data=form, headers={"Origin": url}, allow_redirects=False) as answer:
        assert answer.status == (303 if password == PASSWORD else 401)


async def jwt(url: str) -> str:
    async with (
        ClientSession() as session,
        session.post(f"{url}/api/v1/tokens", json={"username": "ada", "password": PASSWORD}) as answer,
    ):
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["token"])


async def knocks(browser: ClientSession, url: str, token: str) -> None:
    """Where a token is wrong, and where it is in the wrong place."""
    for path in (f"/ws?token={token}x", f"/rooms/nowhere/ws?token={token}", f"/api/v1/me?token={token}", f"/?token={token}"):
        async with browser.get(url + path, headers={"Authorization": f"Bearer {token}x"}):
            pass
