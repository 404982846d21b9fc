"""A page of another site that opens a socket with somebody's cookie: no spelling of an origin lets it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.core.sealing import Sealer
from chatapp.keys import CHAT, GATEWAY
from chatapp.settings import Settings
from chatapp.storage import secrets
from chatapp.web.session import PURPOSE, Payload
from tests.support.cast import PASSWORD, Actor
from tests.support.wire import RawSocket, upgrade

PATHS = ("/ws", "/rooms/general/ws")
# {scheme}, {host} (with its port) and {name} (without) are our own.
FOREIGN = [
    *("https://evil.example", "http://evil.example", "null", "NULL", "*", "undefined", "", " ", "\t", "/", "//"),
    *("{scheme}://{host}.evil.example", "{scheme}://{host}evil.example", "{scheme}://{name}.evil.example"),
    *("{scheme}://evil{name}", "{scheme}://evil-{host}", "{scheme}://evil.{host}", "{scheme}://www.{host}"),
    *("{scheme}://{host}@evil.example", "{scheme}://evil.example@{host}", "{scheme}://user:password@{host}"),
    *("{scheme}://{name}:1", "{scheme}://{name}:65535", "{scheme}://{host}:80:80", "{scheme}://{name}:"),
    *("ftp://{host}", "ws://{host}", "wss://{host}", "file://", "file:///etc/passwd", "{host}", "//{host}"),
    *("chrome-extension://abcdefghijklmnop", "moz-extension://{host}", "blob:{scheme}://{host}", "data:text/html,x"),
    *("about:blank", "javascript:alert(1)", "{scheme}:{host}", "{scheme}:/{host}", "{scheme}:\\\\{host}"),
    *(
        "{scheme}://{name}.",
        "{scheme}://{name}.:80",
        "{scheme}://{host}/",
        "{scheme}://{host}/path",
        "{scheme}://{host}?",
    ),
    *(
        "{scheme}://{host}#",
        "{scheme}://{host}\\",
        "{scheme}://{host}\\.evil.example",
        "{scheme}://{host}%2eevil.example",
    ),
    *("{scheme}://{host},{scheme}://{host}", "{scheme}://{host}, https://evil.example"),
    *("https://evil.example, {scheme}://{host}", "{scheme}://{host} https://evil.example", "{scheme}://{host};"),
    *("http://[::1]", "http://[::ffff:127.0.0.1]", "http://localhost", "http://0x7f.0.0.1", "http://2130706433"),
    *("http://xn--cht-5cd.example", "https://xn--chat-0pd.example", "https://chаt.example", "https://chat。example"),
    *("https://CHAT.EXAMPL", "HTTPS://evil.example", "{scheme}s://{host}", "x{scheme}://{host}", "'{scheme}://{host}'"),
]
TWICE = [("{scheme}://{host}", "https://evil.example"), ("https://evil.example", "{scheme}://{host}")]
TWICE += [("{scheme}://{host}", "{scheme}://{host}"), ("null", "{scheme}://{host}"), ("", "{scheme}://{host}")]
# What a browser says where Origin is missing; a script says neither.
SITES = ["cross-site", "same-site", "none", "", "SAME-ORIGIN", "same-origin, cross-site", "cross-site, same-origin"]


class House(NamedTuple):
    """A server, how it is called from outside, and the cookie of somebody who is signed in."""

    client: TestClient[Any, Any]
    app: web.Application
    scheme: str
    host: str
    headers: list[str]

    def spelt(self, origin: str) -> str:
        return origin.format(scheme=self.scheme, host=self.host, name=self.host.partition(":")[0])

    async def knocks(self, path: str, *headers: str) -> int:
        raw = await RawSocket.connects(self.client)
        answer = await raw.asks(f"GET {path} HTTP/1.1", *upgrade(), *self.headers, *headers)
        raw.hangs_up()
        return answer.status

    @property
    def sockets(self) -> int:
        return sum(self.app[GATEWAY]._chat.limits.sockets.here.values())


SETTINGS: dict[str, dict[str, Any]] = {
    "the served host": {},
    "the configured address": {"base_url": "https://chat.example"},
    "behind a trusted proxy": {"trusted_proxies": ("127.0.0.1",)},
}


@pytest.fixture(params=SETTINGS)
async def house(
    request: pytest.FixtureRequest, settings: Settings, aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]]
) -> House:
    chosen = replace(settings, limits=False, **SETTINGS[request.param])
    app = create_app(chosen)
    client = await aiohttp_client(TestServer(app))
    ada = await app[CHAT].accounts.add(username="ada", email="ada@example.org", password=PASSWORD)
    secret = await app[CHAT].sign_in.start_session(ada, remember=False, address="", user_agent="")
    key = secrets.load(settings.data).session_keys[0]
    sealed = Sealer(PURPOSE, [key]).seal(msgspec.json.encode(Payload(secret=secret)))
    cookie = f"Cookie: {'__Host-session' if chosen.is_https else 'session'}={sealed}"
    if request.param == "the served host":
        return House(client, app, "http", f"{client.host}:{client.port}", [cookie])
    forwarded = ["X-Forwarded-Proto: http, https", "X-Forwarded-Host: evil.example, chat.example"]
    return House(client, app, "https", "chat.example", [cookie, *forwarded])


async def test_our_own_page_opens_one_and_so_does_a_script_that_says_nothing(house: House) -> None:
    for path in PATHS:
        assert await house.knocks(path, house.spelt("Origin: {scheme}://{host}")) == 101
        assert await house.knocks(path) == 101
        assert await house.knocks(path, "Sec-Fetch-Site: same-origin") == 101


async def test_no_spelling_of_a_foreign_origin_opens_a_socket(house: House) -> None:
    spellings = {house.spelt(origin) for origin in FOREIGN}
    assert len(spellings) > 60
    assert house.spelt("{scheme}://{host}") not in spellings
    knocks = [(path, f"Origin: {origin}") for origin in spellings for path in PATHS]
    assert [knock for knock in knocks if await house.knocks(*knock) != 403] == []
    assert house.sockets == 0


async def test_two_origins_are_nobodys(house: House) -> None:
    for pair in TWICE:
        for path in PATHS:
            assert await house.knocks(path, *(f"Origin: {house.spelt(origin)}" for origin in pair)) == 403, pair
    assert house.sockets == 0


async def test_where_no_origin_is_named_the_browser_must_not_say_that_it_comes_from_elsewhere(house: House) -> None:
    for site in SITES:
        for path in PATHS:
            assert await house.knocks(path, f"Sec-Fetch-Site: {site}") == 403, site
    assert await house.knocks("/ws", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site") == 403
    assert house.sockets == 0


async def test_a_browser_cannot_say_who_we_are(client: TestClient[Any, Any], ada: Actor) -> None:
    """Nobody is trusted about ``X-Forwarded-*`` who is not named in the settings."""
    cookie = f"Cookie: session={await ada.signs_in()}"
    for spoofed in (["X-Forwarded-Host: evil.example"], ["Forwarded: host=evil.example"], ["X-Host: evil.example"]):
        raw = await RawSocket.connects(client)
        head = [*upgrade(), cookie, "Origin: http://evil.example", *spoofed]
        assert (await raw.asks("GET /ws HTTP/1.1", *head)).status == 403, spoofed
        raw.hangs_up()
