"""The layout of deploy/: nginx in front of two servers with data folders of their own, PostgreSQL and Redis behind."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType

from tests.support.certificate import NAME
from tests.support.proxies import Proxy, by_nginx, free_port
from tests.support.redis_server import RedisServer
from tests.support.server import Server
from tests.support.source import ROOT
from tests.support.time import eventually
from tests.support.visitor import Visitor, visitor

# Each of the two gets some of so many, which nginx deals out in turn.
SOCKETS: Final = 8
LOGOUT_SECONDS: Final = 2.0


@dataclass
class Site:
    """``one`` has the account's first login; ``other`` a copy of its keys."""

    one: Server
    other: Server
    proxy: Proxy
    token: str

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Visitor]:
        async with visitor(self.proxy.url, connector=TCPConnector(ssl=self.proxy.trust, limit=0)) as opened:
            yield opened


async def started(server: Server) -> int:
    """The port it listens on, which is not in the address that it announces."""
    port = int(server._settings["PORT"])
    await server.start()
    server._settings["PORT"] = f"{port}"
    return port


@pytest.fixture
async def site(tmp_path: Path, url: str) -> AsyncIterator[Site]:
    https, folder = free_port(), tmp_path / "nginx"
    folder.mkdir()
    with RedisServer() as redis:
        more = {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url,
            "BASE_URL": f"https://{NAME}:{https}",
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        one, other = (Server(tmp_path / name, PORT=f"{free_port()}", **more) for name in ("one", "other"))
        token = await one.add_person("ada")
        other.data.mkdir(mode=0o700)
        shutil.copy(one.data / "secrets.json", other.data / "secrets.json")
        try:
            backends = {"172.30.77.11:8080": await started(one), "172.30.77.12:8080": await started(other)}
            text = (ROOT / "deploy" / "nginx.conf").read_text().replace("/dev/stdout", "/var/log/nginx/chat.log")
            async with by_nginx(folder, https, text, backends) as proxy:
                yield Site(one, other, proxy, token)
        finally:
            await one.kill()
            await other.kill()


async def subscribed(browser: Visitor) -> ClientWebSocketResponse:
    """By the cookie, as a page does, through the proxy."""
    ws: ClientWebSocketResponse = await browser.session.ws_connect(f"{browser.url}/ws", origin=browser.url)
    assert (await ws.receive_json(timeout=20))["user"]["username"] == "ada"
    await ws.send_json({"action": "subscribe", "ref": 1, "room": "general"})
    while not (said := await ws.receive_json(timeout=20)).get("ref"):
        pass
    assert said["ok"]
    return ws


async def says(ws: ClientWebSocketResponse, content: str) -> None:
    await ws.send_json({"action": "sendMessage", "room": "general", "content": content, "client_id": content})


async def hears(ws: ClientWebSocketResponse, content: str) -> None:
    assert await is_heard(ws, content)


async def is_heard(ws: ClientWebSocketResponse, content: str) -> bool:
    """Whether it hears that; it may be cut off instead."""
    while (message := await ws.receive(timeout=30)).type is WSMsgType.TEXT:
        if any(said["content"] == content for said in message.json().get("messages", [])):
            return True
    return False


async def is_closed(ws: ClientWebSocketResponse) -> None:
    while (await ws.receive(timeout=30)).type is WSMsgType.TEXT:
        pass


async def comes_back(browser: Visitor) -> ClientWebSocketResponse:
    """As a page does: again and again."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await subscribed(browser)
            except ClientError:
                await asyncio.sleep(0.1)


def logins(server: Server) -> int:
    return sum("path=/login " in line and "method=POST" in line for line in server.output)


async def test_two_servers_are_one_chat_and_one_goes_on_alone(site: Site) -> None:
    async with site.browser() as browser:
        assert await browser.signs_in("ada") == 303
        status, page = await browser.opens("/rooms/general")
        assert (status, "Log out" in page) == (200, True)
        sockets = [await subscribed(browser) for _ in range(SOCKETS)]
        # Whoever is on one of them hears what is said on either.
        for server, words in ((site.one, "said on one"), (site.other, "said on the other")):
            async with (
                ClientSession() as script,
                script.ws_connect(
                    f"http://127.0.0.1:{server._settings['PORT']}/rooms/general/ws?token={site.token}"
                ) as ws,
            ):
                await ws.send_json({"action": "sendMessage", "content": words})
                await asyncio.gather(*(hears(socket, words) for socket in sockets))
        await site.other.kill()
        back = await comes_back(browser)
        await says(back, "and on")
        heard = await asyncio.gather(*(is_heard(ws, "and on") for ws in (back, *sockets)))
        assert 0 < heard.count(False) < SOCKETS
        # Every page is served by the one that is left, at once.
        assert [(await browser.opens("/rooms/general"))[0] for _ in range(4)] == [200] * 4


async def test_logging_out_ends_every_socket_of_the_session_on_both(site: Site) -> None:
    async with site.browser() as browser, site.browser() as elsewhere:
        for each in (browser, elsewhere):
            assert await each.signs_in("ada") == 303
        sockets = [await subscribed(browser) for _ in range(SOCKETS)]
        others = [await subscribed(elsewhere) for _ in range(2)]
        began = asyncio.get_running_loop().time()
        assert (await browser.posts("/logout", {}, on="/rooms/general")).status == 303
        await asyncio.gather(*map(is_closed, sockets))
        assert asyncio.get_running_loop().time() - began < LOGOUT_SECONDS
        assert [ws.close_code for ws in sockets] == [4401] * SOCKETS
        assert not await browser.is_in()
        await says(others[0], "still here")
        await asyncio.gather(*(hears(ws, "still here") for ws in others))


async def test_a_restart_of_one_after_the_other_loses_nothing(site: Site) -> None:
    async with site.browser() as browser:
        assert await browser.signs_in("ada") == 303
        said = []
        for number, server in enumerate((site.one, site.other, site.one)):
            ws = await comes_back(browser)
            await says(ws, f"before {number}")
            await hears(ws, f"before {number}")
            stopping = asyncio.create_task(server.stop())
            again = await comes_back(browser)
            await says(again, f"meanwhile {number}")
            await hears(again, f"meanwhile {number}")
            assert await stopping == 0
            assert (await browser.opens("/rooms/general"))[0] == 200
            await started(server)
            said += [f"before {number}", f"meanwhile {number}"]
            await ws.close()
            await again.close()
        _, page = await browser.opens("/rooms/general")
        assert [page.find(words) for words in said] == sorted(page.find(words) for words in said)
        assert all(words in page for words in said)
        await eventually(lambda: logins(site.one) + logins(site.other) == 1)
