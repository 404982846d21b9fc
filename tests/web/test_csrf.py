"""Every form and every call by cookie comes from our own pages, or is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp_session import Session

from chatapp.domain.chat import Chat
from chatapp.web.csrf import CsrfToken, is_genuine
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser
from tests.web.router import unsafe_routes

KEY = b"k" * 32


def session(session_id: str) -> Session:
    found = Session(None, data=None, new=True)
    found["id"] = session_id
    return found


def test_a_token_is_good_for_its_session_only() -> None:
    token = str(CsrfToken(KEY, session("one")))
    assert is_genuine(token, [KEY], session("one"))
    assert not is_genuine(token, [KEY], session("two"))
    assert not is_genuine(token, [b"o" * 32], session("one"))


def test_the_same_token_never_looks_the_same() -> None:
    one = session("one")
    assert str(CsrfToken(KEY, one)) != str(CsrfToken(KEY, one))


@pytest.mark.parametrize("token", ["", "x", "=", "é", "A" * 86, "A" * 88, "A" * 10_000, "\udcff"])
def test_garbage_is_no_token(token: str) -> None:
    assert not is_genuine(token, [KEY], session("one"))


def test_without_a_session_no_token_is_good() -> None:
    assert not is_genuine("A" * 86 + "==", [KEY], Session(None, data=None, new=True))


async def test_no_form_is_taken_without_a_token(adas: Browser, app: web.Application) -> None:
    forms = [(method, path) for method, path in unsafe_routes(app) if not path.startswith("/api/")]
    assert len(forms) > 20
    for method, path in forms:
        page = await adas.sends(method, path, data={"content": "x"}, headers={"Origin": adas.origin})
        assert page.status == 403, path


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1", ""])
async def test_nothing_is_taken_from_another_site(adas: Browser, app: web.Application, origin: str) -> None:
    csrf = (await adas.opens("/rooms/new")).csrf()
    for method, path in unsafe_routes(app):
        answer = await adas.sends(method, path, data={"csrf": csrf}, headers={"Origin": origin})
        assert answer.status == 403, (method, path)


async def test_nothing_is_taken_that_does_not_say_where_it_comes_from(adas: Browser, app: web.Application) -> None:
    csrf = (await adas.opens("/rooms/new")).csrf()
    for method, path in unsafe_routes(app):
        assert (await adas.sends(method, path, data={"csrf": csrf})).status == 403, (method, path)


async def test_a_script_logs_in_by_the_form(stranger: Browser, ada: Actor) -> None:
    form = {"username": "ada", "password": PASSWORD}
    assert (await stranger.sends("POST", "/login", data=form)).status == 403
    form["csrf"] = (await stranger.opens("/login")).csrf()
    for elsewhere in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await stranger.sends("POST", "/login", data=form, headers=elsewhere)).status == 403
    assert (await stranger.sends("POST", "/login", data=form)).status == 303
    assert json.loads((await stranger.opens("/api/v1/me")).text)["username"] == "ada"
    # From now on the cookie says who it is, and needs an origin.
    csrf = (await stranger.opens("/rooms/new")).csrf()
    assert (await stranger.sends("POST", "/logout", data={"csrf": csrf})).status == 403


async def test_anothers_token_is_refused(adas: Browser, graces: Browser) -> None:
    csrf = (await graces.opens("/rooms/new")).csrf()
    assert (await adas.posts("/logout", {"csrf": csrf})).status == 403


async def test_two_tokens_are_none(adas: Browser) -> None:
    csrf = (await adas.opens("/rooms/new")).csrf()
    assert (await adas.posts("/rooms", f"csrf={csrf}&csrf={csrf}&name=x", **FORM)).status == 403


async def test_two_origins_are_nobodys(adas: Browser) -> None:
    csrf = (await adas.opens("/rooms/new")).csrf()
    headers = [("Origin", adas.origin), ("Origin", adas.origin), ("Accept", "text/html")]
    async with adas.session.post("/logout", data={"csrf": csrf}, headers=headers, allow_redirects=False) as answer:
        assert answer.status in {400, 403}


async def test_without_origin_the_browser_may_vouch_in_another_way(adas: Browser) -> None:
    csrf = (await adas.opens("/rooms/new")).csrf()
    for site, status in (("cross-site", 403), ("same-site", 403), ("none", 403), ("same-origin", 303)):
        page = await adas.sends("POST", "/logout", data={"csrf": csrf}, headers={"Sec-Fetch-Site": site})
        assert page.status == status


async def test_a_page_without_referrer_may_post(stranger: Browser, chat: Chat) -> None:
    # Referrer-Policy: no-referrer makes browsers say Origin: null, also to ourselves.
    path = f"/setup?code={chat.accounts.setup_code}"
    page = await stranger.opens(path)
    fields: dict[str, Any] = {
        "csrf": page.csrf(),
        "code": page.value("code"),
        "username": "ada",
        "email": "ada@example.org",
        "password": "correct horse battery",
    }
    refused = await stranger.posts("/setup", fields, origin="null", **{"Sec-Fetch-Site": "cross-site"})
    assert refused.status == 403
    taken = await stranger.posts("/setup", fields, origin="null", **{"Sec-Fetch-Site": "same-origin"})
    assert taken.status == 303


async def test_a_token_in_the_header_needs_no_origin(stranger: Browser, ada: Actor) -> None:
    url = "/api/v1/rooms/general/messages"
    for origin in ({}, {"Origin": "https://evil.example"}):
        answer = await stranger.sends("POST", url, json={"content": "hi"}, headers={**ada.bearer, **origin})
        assert answer.status == 201


async def test_a_foreign_page_may_use_a_token_but_not_the_cookie(adas: Browser, grace: Actor) -> None:
    headers = {**grace.bearer, "Origin": "https://evil.example"}
    answer = await adas.sends("POST", "/api/v1/rooms/general/messages", json={"content": "hi"}, headers=headers)
    assert answer.status == 201
    assert '"username":"grace"' in answer.text


async def test_the_cookie_comes_before_the_header(adas: Browser, grace: Actor) -> None:
    headers = {**grace.bearer, "Origin": adas.origin}
    answer = await adas.sends("POST", "/api/v1/rooms/general/messages", json={"content": "hi"}, headers=headers)
    assert '"username":"ada"' in answer.text


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
