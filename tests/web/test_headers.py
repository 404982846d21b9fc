"""What every answer tells the browser to forbid, whatever was asked and however it went."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chatapp.app import create_app
from chatapp.settings import Settings
from tests.support.cast import Actor
from tests.web.browser import Browser, Page, browser
from tests.web.router import routes, safe_routes

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "chatapp-html chatapp-worker",
}
# A file that a page is made of: alone it may do nothing.
BY_ITSELF = {"default-src": "'none'", "frame-ancestors": "'none'"}
EXACTLY = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def check(headers: Mapping[str, str], about: object, *, is_kept: bool = False) -> None:
    """``is_kept``: a file that is the same for everybody and may stay in caches."""
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy == (BY_ITSELF if is_kept else POLICY), about
    assert {name: headers.get(name) for name in EXACTLY} == EXACTLY, about
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, about
    # A part of a page has no powers to give up, embeds nothing and is opened by nobody.
    assert is_kept or "camera=()" in headers["Permissions-Policy"], about
    assert is_kept or headers["Cross-Origin-Embedder-Policy"] == "require-corp", about
    assert is_kept or headers["Cross-Origin-Opener-Policy"] == "same-origin", about
    assert ("immutable" if is_kept else "no-store") in headers["Cache-Control"], about
    assert re.fullmatch(r"[0-9a-f]{16}", headers["X-Request-Id"]), about
    assert "Server" not in headers, about
    assert "aiohttp" not in str(headers).lower(), about


@asynccontextmanager
async def visiting(app: web.Application, client_of: Callable[..., Any]) -> AsyncIterator[Browser]:
    async with browser(await client_of(TestServer(app))) as opened:
        yield opened


async def styles(visitor: Browser) -> str:
    found = re.search(r'href="([^"]+app\.css)"', (await visitor.opens("/nowhere")).text)
    assert found
    return found[1]


async def test_every_route_keeps_the_browser_safe(adas: Browser, stranger: Browser, app: web.Application) -> None:
    seen = set()
    for method, path in routes(app):
        for visitor in (stranger, adas):
            for accept in ("text/html", "*/*"):
                answer = await visitor.sends(method, path, headers={"Accept": accept, "Origin": visitor.origin})
                check(answer.headers, (method, path, answer.status))
                seen.add(answer.status)
    assert seen >= {200, 303, 401, 403, 404, 426}


async def test_what_is_taken_keeps_the_browser_safe_too(adas: Browser) -> None:
    made = await adas.submits("/rooms", on="/rooms/new", name="ops")
    told = await adas.sends(
        "POST", "/api/v1/rooms/ops/messages", json={"content": "hello"}, headers={"Origin": adas.origin}
    )
    read = await adas.sends("PUT", "/api/v1/rooms/ops/read", json={"index": 1}, headers={"Origin": adas.origin})
    gone = await adas.submits("/logout", on="/settings/profile")
    assert [answer.status for answer in (made, told, read, gone)] == [303, 201, 200, 303]
    for answer in (made, told, read, gone):
        check(answer.headers, answer.status)


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", "/nowhere", 404), ("GET", "/api/v1/nowhere", 404), ("GET", "/static/000000000000/x.js", 404)),
        *(("DELETE", "/login", 405), ("TRACE", "/login", 405), ("GET", "/%00", 400), ("GET", "/api/v1/%zz", 400)),
        *(("POST", "/rooms", 413), ("POST", "/api/v1/rooms", 413), ("GET", "/rooms/general?before=x", 400)),
    ],
)
async def test_refusals_keep_the_browser_safe(adas: Browser, method: str, path: str, status: int, accept: str) -> None:
    body = BytesIO(b"x" * 2_000_000) if status == 413 else None
    kind = "application/json" if "/api/" in path else "application/x-www-form-urlencoded"
    headers = {"Accept": accept, "Origin": adas.origin, "Content-Type": kind}
    answer = await adas.sends(method, path, headers=headers, data=body)
    assert answer.status == status
    check(answer.headers, path)


async def test_a_bug_keeps_the_browser_safe(settings: Settings, aiohttp_client: Callable[..., Any]) -> None:
    async def fail(_request: web.Request) -> web.Response:
        raise RuntimeError

    app = create_app(settings)
    app.router.add_get("/fail", fail)
    async with visiting(app, aiohttp_client) as visitor:
        for accept in ("text/html", "*/*"):
            answer = await visitor.opens("/fail", Accept=accept)
            assert answer.status == 500
            check(answer.headers, accept)


async def test_static_files_are_safe_and_bring_no_cookie(stranger: Browser, ada: Actor) -> None:
    path = await styles(stranger)
    for cookie in ("", "garbage"):
        answer = await stranger.opens(path, Cookie=f"session={cookie}")
        check(answer.headers, path, is_kept=True)
        assert "Set-Cookie" not in answer.headers


async def test_sockets_keep_the_browser_safe(stranger: Browser, ada: Actor) -> None:
    for path in ("/ws", "/rooms/general/ws"):
        async with stranger.session.ws_connect(path, headers=ada.bearer) as ws:
            head = ws._response.headers
            check(head, path)
    refused = {403: ("/ws", {}), 404: ("/rooms/nowhere/ws", ada.bearer), 426: ("/ws", ada.bearer)}
    for status, (path, who) in refused.items():
        answer = await stranger.opens(path, **who, **(UPGRADE if status != 426 else {}))
        assert answer.status == status
        check(answer.headers, status)
    ada.chat.hub.is_draining = True
    answer = await stranger.opens("/ws", **ada.bearer, **UPGRADE)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    check(answer.headers, 503)


@pytest.mark.parametrize("base_url", ["", "http://chat.test", "https://chat.test"])
async def test_only_https_is_asked_for_again(
    settings: Settings, aiohttp_client: Callable[..., Any], base_url: str
) -> None:
    async with visiting(create_app(replace(settings, base_url=base_url)), aiohttp_client) as visitor:
        for path in ("/login", "/nowhere", "/ws", "/ping", await styles(visitor)):
            told = (await visitor.opens(path)).headers.get("Strict-Transport-Security", "")
            assert (told == "max-age=31536000; includeSubDomains") == base_url.startswith("https:"), path


async def test_a_page_with_a_secret_in_its_address_tells_no_referrer(stranger: Browser, ada: Actor) -> None:
    for path in ("/reset/secret", "/verify/secret", "/join/secret", "/setup?code=secret", "/login?next=/reset/secret"):
        answer = await stranger.opens(path)
        assert answer.headers["Referrer-Policy"] == ("no-referrer" if "next" not in path else "same-origin"), path


class Cache:
    """A shared cache that keeps everything it is not forbidden to keep, whoever asked for it."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def opens(self, visitor: Browser, path: str) -> str:
        if path not in self.kept:
            page = await visitor.opens(path)
            if not self._is_forbidden(page):
                self.kept[path] = page.text
            return page.text
        return self.kept[path]

    @staticmethod
    def _is_forbidden(page: Page) -> bool:
        return bool({"no-store", "private"} & set(re.split(r"[,\s]+", page.headers.get("Cache-Control", ""))))


async def test_no_cache_gives_one_persons_page_to_another(adas: Browser, graces: Browser, app: web.Application) -> None:
    cache = Cache()
    kept = await styles(adas)
    for path in [*safe_routes(app), kept]:
        await cache.opens(adas, path)
        seen = await cache.opens(graces, path)
        assert '@ada</span></span><span class="chip">You' not in seen, path
        assert 'data-me="ada"' not in seen, path
    assert list(cache.kept) == [kept]
