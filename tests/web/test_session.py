"""The cookie's envelope: garbage, rotation of keys, and nothing sent without need."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from aiohttp_session import Session
from cryptography.fernet import Fernet

from chatapp.app import create_app
from chatapp.core.sealing import Sealer
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from chatapp.settings import Settings
from chatapp.web.session import PURPOSE, SessionStorage, begin
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser
from tests.web.raw import ask

KEY = Fernet.generate_key().decode()
OTHER = Fernet.generate_key().decode()
OURS = Sealer(PURPOSE, [KEY])

GARBAGE = [
    b"x",
    b"\xff\xfe",
    b"gAAAAA",
    b'"quoted"',
    b"%00",
    b"=====",
    b"a" * 4000,
    b"\xf0\x9f\xa6\x8a",
    b"{}",
    Sealer(PURPOSE, [OTHER]).seal(b'{"secret": "x"}').encode(),
    Sealer("outbox", [KEY]).seal(b'{"secret": "x"}').encode(),
    OURS.seal(b"[]").encode(),
    OURS.seal(b"\xff\xfe").encode(),
    OURS.seal(b'{"secret": 5}').encode(),
    OURS.seal(b'{"flashes": [{"kind": "evil", "text": "x"}]}').encode(),
    OURS.seal(b'{"secret": "x"}').encode() + b"=",
    # As they were sealed before.
    Fernet(OTHER).encrypt(b'{"secret": "x"}'),
    Fernet(KEY).encrypt(b"[]"),
    Fernet(KEY).encrypt(b"\xff\xfe"),
    Fernet(KEY).encrypt(b'{"secret": 5}'),
    Fernet(KEY).encrypt(b'{"flashes": [{"kind": "evil", "text": "x"}]}'),
]


def storage(*keys: str, is_https: bool = False) -> SessionStorage:
    return SessionStorage(keys, is_https=is_https, days=30)


async def saved(sessions: SessionStorage, session: Session) -> str:
    response = web.Response()
    await sessions.save_session(make_mocked_request("GET", "/"), response, session)
    return response.cookies[sessions.cookie_name].value


async def loaded(sessions: SessionStorage, cookie: bytes) -> Session:
    line = cookie.decode("utf-8", "surrogateescape")
    with patch.object(sessions, "load_cookie", return_value=line):
        return await sessions.load_session(make_mocked_request("GET", "/"))


@pytest.mark.parametrize("cookie", GARBAGE)
async def test_garbage_is_an_empty_session_to_be_taken_away(cookie: bytes) -> None:
    session = await loaded(storage(KEY), cookie)
    assert session.empty
    assert session._changed


async def test_what_is_put_in_comes_out() -> None:
    session = Session(None, data=None, new=True)
    begin(session, "secret", is_remembered=True)
    found = await loaded(storage(KEY), (await saved(storage(KEY), session)).encode())
    assert (found["secret"], found["id"], found["is_remembered"]) == ("secret", session["id"], True)
    assert not found._changed


async def test_an_old_key_still_opens_and_the_cookie_is_sealed_anew() -> None:
    session = Session(None, data=None, new=True)
    begin(session, "secret")
    cookie = (await saved(storage(OTHER), session)).encode()
    found = await loaded(storage(KEY, OTHER), cookie)
    assert found["secret"] == "secret"
    assert found._changed
    assert (await loaded(storage(KEY), cookie)).empty


async def test_a_cookie_of_before_still_opens_and_is_sealed_anew() -> None:
    former = Fernet(KEY).encrypt(b'{"secret": "secret", "is_remembered": true}')
    found = await loaded(storage(OTHER, KEY), former)
    assert (found["secret"], found["is_remembered"]) == ("secret", True)
    found = await loaded(storage(KEY), former)
    assert found["secret"] == "secret"
    assert found._changed
    anew = (await saved(storage(KEY), found)).encode()
    assert not anew.startswith(b"gA")
    found = await loaded(storage(KEY), anew)
    assert found["secret"] == "secret"
    assert not found._changed


async def test_behind_https_the_cookie_is_bound_to_the_host() -> None:
    sessions = storage(KEY, is_https=True)
    session = Session(None, data=None, new=True)
    begin(session, "secret")
    for each in (session, Session(None, data=None, new=True)):
        response = web.Response()
        await sessions.save_session(make_mocked_request("GET", "/"), response, each)
        cookie = response.cookies["__Host-session"]
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["path"] == "/"
        assert cookie["domain"] == ""


@pytest.mark.parametrize("cookie", GARBAGE)
async def test_a_page_survives_any_cookie(client: TestClient[Any, Any], ada: Actor, cookie: bytes) -> None:
    for path in (b"/login", b"/ping", b"/api/v1/server"):
        answer = await ask(client, b"GET " + path + b" HTTP/1.1", b"Cookie: session=" + cookie)
        assert answer.status == 200
    assert (await ask(client, b"GET /api/v1/me HTTP/1.1", b"Cookie: session=" + cookie)).status == 401


async def test_garbage_is_taken_away_with_the_attributes_it_was_set_with(stranger: Browser, ada: Actor) -> None:
    stranger.plant("garbage")
    page = await stranger.opens("/people")
    assert page.status == 303
    cookie = page.cookies["session"]
    assert (cookie.value, cookie["max-age"], cookie["path"], cookie["samesite"]) == ("", "0", "/", "Lax")


async def test_nothing_is_set_where_nothing_changed(adas: Browser, stranger: Browser) -> None:
    await adas.opens("/rooms/general")
    assert "Set-Cookie" not in (await adas.opens("/rooms/general")).headers
    assert "Set-Cookie" not in (await adas.opens("/rooms")).headers
    for path in ("/ping", "/api/v1/server", "/nowhere"):
        assert "Set-Cookie" not in (await stranger.opens(path)).headers


async def test_a_site_behind_https_says_so(settings: Settings, aiohttp_client: Callable[..., Any]) -> None:
    app = create_app(replace(settings, base_url="https://chat.example.org"))
    client = await aiohttp_client(TestServer(app))
    chat: Chat = app[CHAT]
    await chat.accounts.add(username="ada", email="ada@example.org", password=PASSWORD)
    answer = await client.get("/login")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert answer.cookies["__Host-session"]["secure"]
    body = {"username": "ada", "password": PASSWORD}
    for origin, status in (("https://chat.example.org", 201), ("https://evil.example", 201)):
        # Credentials in the body need no cookie: nothing ambient is used.
        answer = await client.post("/api/v1/tokens", data=json.dumps(body), headers=_json(origin))
        assert answer.status == status


def _json(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Content-Type": "application/json"}
