"""Every way on leads to this server, and no address writes a header."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser
from tests.web.raw import ask
from tests.web.router import safe_routes
from tests.web.test_paths import FOREIGN


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Somebody logs in dozens of times within a moment."""
    return replace(settings, limits=False)


AS_PATHS = [
    *("//evil.example", "///evil.example", "////evil.example", "//evil.example/..", "//evil.example/%2e%2e/rooms"),
    *("/%2f%2fevil.example", "/%2Fevil.example", "/%5cevil.example", "/\\evil.example", "/\\/evil.example"),
    *("/.//evil.example", "/..//evil.example", "/%2e//evil.example", "/rooms//evil.example", "/rooms/..//evil.example"),
    *("/%09/evil.example", "/%0a/evil.example", "/%0d%0aLocation:%20https://evil.example", "/%0d%0a%0d%0a<b>"),
    *(
        "/%E5%98%8A%E5%98%8DSet-Cookie:a=b",
        "/rooms/%0d%0aSet-Cookie:a=b",
        "/rooms/general%0d%0aX-Evil:1",
        "/;@evil.example",
    ),
    *(
        "/@evil.example",
        "/https://evil.example",
        "/https:evil.example",
        "//evil.example:80@chat",
        "/%252f%252fevil.example",
    ),
    *(
        "/settings//evil.example",
        "//settings",
        "/rooms/",
        "/login/",
        "//login?next=//evil.example",
        "/?next=//evil.example",
    ),
]


def leads_away(location: str, origin: str) -> bool:
    """Read as a browser reads it: tabs and line breaks are nothing, a backslash is a slash."""
    plain = re.sub(r"[\t\r\n]", "", location).strip("\x00 ").replace("\\", "/")
    target = urlsplit(urljoin(f"{origin}/login", plain))
    return f"{target.scheme}://{target.netloc}" != origin


@pytest.mark.parametrize("location", ["//evil.example", "/\\evil.example", "/\t/evil.example", "https:evil.example/x"])
def test_the_check_itself_sees_what_leads_away(location: str) -> None:
    assert leads_away(location, "http://127.0.0.1:80")


async def test_no_next_leads_away_after_signing_in(adas: Browser, stranger: Browser, ada: Actor) -> None:
    assert len(FOREIGN) >= 40
    for target in FOREIGN:
        way = f"/login?next={quote(target, safe='')}"
        assert (await adas.opens(way)).location == "/", target
        form = await stranger.opens(way)
        assert form.value("next") == "/", target
        fields = {"csrf": form.csrf(), "username": "ada", "password": PASSWORD, "next": target}
        signed_in = await stranger.posts("/login", fields)
        assert (signed_in.status, signed_in.location) == (303, "/"), target
        stranger.session.cookie_jar.clear()


async def test_our_own_next_is_kept(adas: Browser) -> None:
    assert (await adas.opens("/login?next=/rooms/general%3Fbefore=2")).location == "/rooms/general?before=2"


@pytest.mark.parametrize("accept", [b"text/html", b"*/*"])
async def test_no_address_leads_away_or_writes_a_header(
    client: TestClient[Any, Any], ada: Actor, accept: bytes
) -> None:
    cookie = f"Cookie: session={await ada.signs_in()}".encode()
    origin = f"http://{client.host}:{client.port}"
    for path in AS_PATHS:
        for who in ([], [cookie]):
            answer = await ask(client, b"GET " + path.encode() + b" HTTP/1.1", b"Accept: " + accept, *who)
            heads = dict(line.split(": ", 1) for line in answer.head.split("\r\n")[1:])
            assert answer.status < 500, path
            assert not leads_away(heads.get("Location", "/"), origin), (path, heads)
            assert not {"X-Evil"} & heads.keys(), path
            assert "a=b" not in heads.get("Set-Cookie", ""), path


async def test_every_redirect_of_the_router_stays_here(adas: Browser, stranger: Browser, app: web.Application) -> None:
    found = []
    for path in safe_routes(app):
        for visitor in (adas, stranger):
            for query in ("", "?next=//evil.example&to=https://evil.example&url=//evil.example&return=//evil.example"):
                answer = await visitor.sends("GET", path + query, headers={"Host": visitor.origin.split("//")[1]})
                if "Location" in answer.headers:
                    found.append(answer.location)
                    assert not leads_away(answer.location, visitor.origin), path
    assert len(found) > 20


async def test_a_host_that_is_not_ours_is_in_no_redirect(client: TestClient[Any, Any], ada: Actor, chat: Chat) -> None:
    for path in (b"/", b"/rooms", b"/settings"):
        answer = await ask(
            client, b"GET " + path + b" HTTP/1.1", b"Accept: text/html", b"X-Forwarded-Host: evil.example"
        )
        assert answer.status == 303
        assert "evil.example" not in answer.head


async def test_names_in_a_form_write_no_header(adas: Browser) -> None:
    evil = "x\r\nSet-Cookie: a=b\r\nLocation: //evil.example"
    for path, on, fields in (
        ("/rooms", "/rooms/new", {"name": evil}),
        ("/rooms", "/rooms/new", {"name": "fine", "slug": evil}),
        ("/direct", "/people", {"username": evil}),
        ("/rooms/general/messages", "/rooms/general", {"content": evil, "client_id": evil}),
        ("/settings/profile", "/settings/profile", {"display_name": evil}),
    ):
        answer = await adas.submits(path, on=on, **fields)
        assert answer.status in {303, 404, 422}, path
        assert "a=b" not in str(answer.headers), path
        assert not leads_away(answer.headers.get("Location", "/"), adas.origin), path
