"""The recipes for nginx and Caddy work as written: TLS outside, who comes from where known inside, sockets alive."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import pytest_asyncio
from aiohttp import ClientSession, TCPConnector

from tests.support.certificate import NAME
from tests.support.proxies import Proxy, by_caddy, by_nginx, free_port, recipe
from tests.support.server import Server
from tests.support.time import eventually
from tests.support.visitor import Visitor, visitor

CLIENT: Final = "127.0.3.7"
LIE: Final = "203.0.113.9"
PROXIES: Final = {"nginx": by_nginx, "caddyfile": by_caddy}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Site:
    server: Server
    proxy: Proxy
    token: str

    def connector(self, address: str = CLIENT) -> TCPConnector:
        """From an address of one's own, trusting the site's certificate."""
        return TCPConnector(ssl=self.proxy.trust, local_addr=(address, 0))

    def seen(self, path: str) -> list[str]:
        """The addresses in the server's log lines about that path."""
        lines = [line for line in self.server.output if re.search(rf"path={re.escape(path)} ", line)]
        return [found[1] for line in lines if (found := re.search(r"address=(\S+)", line))]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=PROXIES)
async def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    tmp_path = tmp_path_factory.mktemp("site")
    https, folder = free_port(), tmp_path / "proxy"
    folder.mkdir()
    more = {"BASE_URL": f"https://{NAME}:{https}", "TRUSTED_PROXIES": "127.0.0.1"}
    server = Server(tmp_path / "data", PORT=str(free_port()), **more)
    token = await server.add_person("ada")
    try:
        # It announces its public address: the tests' server takes its own port from there.
        backend = int(server._settings["PORT"])
        await server.start()
        proxied = PROXIES[request.param](folder, https, recipe(request.param), {"127.0.0.1:8080": backend})
        async with proxied as proxy:
            yield Site(server, proxy, token)
    finally:
        await server.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def browser(site: Site) -> AsyncIterator[Visitor]:
    async with visitor(site.proxy.url, connector=site.connector()) as opened:
        yield opened


async def test_one_signs_in_through_it_over_tls(site: Site, browser: Visitor) -> None:
    answer = await browser.posts("/login", {"username": "ada", "password": "correct horse battery"})
    assert answer.status == 303
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    cookie = answer.cookies["__Host-session"]
    assert (cookie["secure"], cookie["httponly"], cookie["domain"]) == (True, True, "")
    assert answer.cookies["__Host-device"]["secure"]
    assert await browser.is_in()
    status, page = await browser.opens("/settings/sessions")
    assert status == 200
    assert CLIENT in page


async def test_a_socket_lives_through_it_and_news_passes(site: Site, browser: Visitor) -> None:
    assert await browser.signs_in("ada") == 303
    async with (
        browser.session.ws_connect(f"{site.proxy.url}/ws", origin=site.proxy.url) as ear,
        ClientSession(connector=site.connector()) as script,
        script.ws_connect(f"{site.proxy.url}/rooms/general/ws?token={site.token}") as mouth,
    ):
        assert (await ear.receive_json(timeout=20))["user"]["username"] == "ada"
        await ear.send_json({"action": "subscribe", "ref": 1, "room": "general"})
        assert (await ear.receive_json(timeout=20))["ok"]
        await mouth.send_json({"action": "sendMessage", "content": "through the proxy"})
        news: Any = await ear.receive_json(timeout=20)
        assert news["messages"][0]["content"] == "through the proxy"
    with pytest.raises(Exception, match="403"):
        await browser.session.ws_connect(f"{site.proxy.url}/ws", origin="https://evil.example")


async def test_who_asks_is_known_whatever_they_claim(site: Site, browser: Visitor) -> None:
    lies = {"X-Forwarded-For": LIE, "Forwarded": f"for={LIE}", "X-Real-IP": LIE, "X-Forwarded-Proto": "http"}
    assert (await browser.opens("/people", **lies, **{"X-Forwarded-Host": "evil.example"}))[0] == 303
    assert (await browser.signs_in("ada", **lies)) == 303
    await eventually(lambda: site.seen("/login"))
    assert set(site.seen("/people") + site.seen("/login")) == {CLIENT}
    # Wrong passwords count against the real address, whatever is claimed for each.
    async with ClientSession(connector=site.connector(CLIENT + "7")) as guesser:
        answers = [
            await guesser.post(
                f"{site.proxy.url}/api/v1/tokens",
                json={"username": f"person{n}", "password": "wrong password"},
                headers={"X-Forwarded-For": f"203.0.113.{n}"},
            )
            for n in range(11)
        ]
    assert [answer.status for answer in answers] == [401] * 10 + [429]


async def test_http_leads_to_https_and_carries_no_credential(site: Site) -> None:
    async with ClientSession(connector=TCPConnector(local_addr=(CLIENT, 0))) as session:
        url = f"http://{NAME}:{site.proxy.http}"
        async with session.get(f"{url}/rooms/general?before=2", allow_redirects=False) as answer:
            assert answer.status == 301
            assert answer.headers["Location"] == f"{site.proxy.url}/rooms/general?before=2"
        for path in ("/api/v1/me", "/ws", "/rooms/general/ws"):
            async with session.get(url + path, allow_redirects=False) as answer:
                assert answer.status == 403


async def test_its_log_holds_no_token_also_where_the_chat_is_away(site: Site) -> None:
    async with ClientSession(connector=site.connector()) as script:
        async with script.ws_connect(f"{site.proxy.url}/ws?token={site.token}") as ws:
            await ws.receive_json(timeout=20)
        async with script.get(f"{site.proxy.url}/ws?token=wrong{site.token}"):
            pass
        await site.server.kill()
        asked = f"{site.proxy.url}/rooms/general/ws?token={site.token}"
        async with script.get(asked, headers={"Authorization": f"Bearer {site.token}"}) as answer:
            assert answer.status == 502
    await eventually(lambda: "/rooms/general/ws" in site.proxy.log.read_text())
    written = "".join(path.read_text() for path in site.proxy.log.parent.glob("*.log"))
    assert site.token not in written
    assert site.token not in "\n".join(site.server.output)
