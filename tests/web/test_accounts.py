"""Making an account, confirming an address, and finding the way back in: all by form."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from chatapp.settings import Settings
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser, browser

ADA = {"username": "ada", "email": "ada@example.org", "password": PASSWORD, "display_name": "Ada Okafor"}
LIN = {"username": "lin", "email": "lin@example.org", "password": PASSWORD, "display_name": "Lin <b>"}
NEW_PASSWORD = "another long sentence"


@pytest.fixture
async def open_chat(settings: Settings, aiohttp_client: Callable[..., Any]) -> TestClient[Any, Any]:
    """A server where anybody may register."""
    app: web.Application = create_app(replace(settings, registration="open"))
    client: TestClient[Any, Any] = await aiohttp_client(TestServer(app))
    await app[CHAT].accounts.add(username="ada", email="ada@example.org", password=PASSWORD)
    return client


@pytest.fixture
async def newcomer(open_chat: TestClient[Any, Any]) -> AsyncIterator[Browser]:
    async with browser(open_chat) as opened:
        yield opened


async def mailed(chat: Chat, purpose: str, monkeypatch: pytest.MonkeyPatch, act: Any) -> str:
    """The secret of the link that ``act`` sends."""
    made: list[str] = []
    original = chat.letters._link

    async def note(*given: Any, **more: Any) -> str:
        link = await original(*given, **more)
        made.append(link)
        return link

    monkeypatch.setattr(chat.letters, "_link", note)
    await act()
    (link,) = [each for each in made if f"/{purpose}/" in each]
    return link.rsplit("/", 1)[1]


async def test_the_setup_link_makes_the_first_account_and_signs_in(stranger: Browser, chat: Chat) -> None:
    link = f"/setup?code={chat.accounts.setup_code}"
    form = await stranger.opens(link)
    assert form.headers["Cache-Control"] == "no-store"
    assert form.headers["Referrer-Policy"] == "no-referrer"
    page = await stranger.submits("/setup", on=link, code=chat.accounts.setup_code, **ADA)
    assert (page.status, page.location) == (303, "/")
    (person,) = await chat.accounts.everyone()
    assert (person.username, person.is_admin, person.is_verified) == ("ada", True, True)
    assert "Ada Okafor" in (await stranger.opens("/settings/profile")).text


async def test_there_is_no_setup_a_second_time(stranger: Browser, chat: Chat) -> None:
    code = chat.accounts.setup_code
    form = await stranger.opens(f"/setup?code={code}")
    await chat.accounts.add(username="ada", email="ada@example.org", password=PASSWORD)
    assert (await stranger.opens(f"/setup?code={code}")).status == 404
    assert (await stranger.posts("/setup", {"csrf": form.csrf(), "code": code, **ADA})).status == 404


@pytest.mark.parametrize("code", ["", "wrong", "é", "\udcff".encode("utf-8", "replace").decode()])
async def test_without_the_code_there_is_no_first_account(stranger: Browser, chat: Chat, code: str) -> None:
    page = await stranger.submits("/setup", code=code, **ADA)
    assert page.status == 403
    assert 'id="f-code-error"' in page.text
    assert page.value("username") == "ada"
    assert await chat.accounts.is_empty()


async def test_a_refused_field_is_named_and_the_rest_kept(stranger: Browser, chat: Chat) -> None:
    fields = {**ADA, "username": "not a name", "password": "short"}
    page = await stranger.submits("/setup", code=chat.accounts.setup_code, **fields)
    assert page.status == 422
    assert 'id="f-username-error"' in page.text
    assert 'id="f-password-error"' in page.text
    assert page.value("email") == "ada@example.org"
    assert "short" not in page.text


async def test_an_invite_lets_somebody_in_at_once(adas: Browser, stranger: Browser, chat: Chat) -> None:
    made = await adas.makes("/settings/invites")
    assert made.headers["Cache-Control"] == "no-store"
    found = re.search(r'value="http://[^"]+(/join/[^"]+)"', made.text)
    assert found
    page = await stranger.submits(found[1], **LIN)
    assert (page.status, page.location) == (303, "/")
    shell = await stranger.opens("/rooms/general")
    assert "Lin &lt;b&gt;" in shell.text
    assert "Lin <b>" not in shell.text


async def test_without_an_invite_there_is_no_account(stranger: Browser, ada: Actor, chat: Chat) -> None:
    for path in ("/register", "/join/garbage", "/join/%ff"):
        assert (await stranger.opens(path)).status in {400, 403}
    assert "New accounts need an invite link." in (await stranger.opens("/register")).text
    assert "This invite link has expired" in (await stranger.opens("/join/garbage")).text
    csrf = (await stranger.opens("/login")).csrf()
    for path in ("/register", "/join/garbage"):
        assert (await stranger.posts(path, {"csrf": csrf, **LIN})).status == 403
    assert [person.username for person in await chat.accounts.everyone()] == ["ada"]


async def test_where_registration_is_open_the_address_is_confirmed_first(
    newcomer: Browser, open_chat: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = open_chat.app[CHAT]
    secret = await mailed(chat, "verify", monkeypatch, lambda: newcomer.submits("/register", **LIN))
    for path in ("/", "/rooms", "/settings/tokens"):
        assert (await newcomer.opens(path)).location == "/verify"
    assert (await newcomer.opens("/api/v1/me")).status == 403
    waiting = await newcomer.opens("/verify")
    assert "l***@example.org" in waiting.text
    form = await newcomer.opens(f"/verify/{secret}")
    assert form.headers["Referrer-Policy"] == "no-referrer"
    # Looking does not use the link up.
    assert (await newcomer.opens(f"/verify/{secret}")).status == 200
    assert (await newcomer.submits(f"/verify/{secret}")).location == "/"
    assert (await newcomer.opens("/rooms/general")).status == 200
    assert (await newcomer.opens(f"/verify/{secret}")).status == 404


async def test_the_link_is_not_sent_again_at_once(newcomer: Browser) -> None:
    await newcomer.submits("/register", **LIN)
    page = await newcomer.submits("/verify")
    assert page.status == 429
    assert int(page.headers["Retry-After"]) > 0


async def test_a_taken_name_is_told(newcomer: Browser) -> None:
    page = await newcomer.submits("/register", **{**LIN, "username": "ada"})
    assert page.status == 422
    assert "taken" in page.text


async def test_a_forgotten_password_is_answered_the_same_for_every_address(stranger: Browser, ada: Actor) -> None:
    known = await stranger.makes("/forgot", email="ada@example.org")
    unknown = await stranger.makes("/forgot", email="nobody@example.org")
    assert "a link is on its way" in known.text
    masked = [re.sub(r'name="csrf" value="[^"]+"', "", page.text) for page in (known, unknown)]
    assert masked[0] == masked[1]


async def test_a_reset_link_gives_a_new_password_once_and_ends_all_sessions(
    adas: Browser, stranger: Browser, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await mailed(chat, "reset", monkeypatch, lambda: chat.links.send_reset("ada@example.org"))
    refused = await stranger.submits(f"/reset/{secret}", password="short")
    assert refused.status == 422
    page = await stranger.submits(f"/reset/{secret}", password=NEW_PASSWORD)
    assert (page.status, page.location) == (303, "/")
    assert (await stranger.opens("/rooms")).status == 200
    assert (await adas.opens("/rooms")).status == 303
    assert (await stranger.opens(f"/reset/{secret}")).status == 404
    assert (await adas.signs_in("ada")).status == 401
    assert (await adas.signs_in("ada", NEW_PASSWORD)).status == 303


async def test_garbage_is_no_link(stranger: Browser, ada: Actor) -> None:
    for path in ("/reset/garbage", "/verify/garbage", "/reset/" + "x" * 3000):
        assert (await stranger.opens(path)).status == 404
