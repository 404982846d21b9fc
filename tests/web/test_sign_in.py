"""Signing in and out by form, and what the cookie is like."""

from __future__ import annotations

import hashlib

import pytest

from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from chatapp.web.moments import Moments
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser


async def test_without_an_account_every_page_leads_to_setup(stranger: Browser) -> None:
    for path in ("/", "/rooms/general", "/login", "/settings/profile"):
        page = await stranger.opens(path)
        assert (page.status, page.location) == (303, "/setup")


async def test_a_page_asks_to_sign_in_and_is_remembered(stranger: Browser, ada: Actor) -> None:
    page = await stranger.opens("/rooms/general?before=20")
    assert (page.status, page.location) == (303, "/login?next=/rooms/general%3Fbefore%3D20")
    form = await stranger.opens(page.location)
    assert form.value("next") == "/rooms/general?before=20"
    signed_in = await stranger.signs_in("ada", next="/rooms/general?before=20")
    assert (signed_in.status, signed_in.location) == (303, "/rooms/general?before=20")


async def test_by_name_or_by_e_mail(stranger: Browser, ada: Actor) -> None:
    assert (await stranger.signs_in("ada@example.org")).status == 303
    assert "Ada Okafor" in (await stranger.opens("/rooms")).text


async def test_a_foreign_next_leads_to_the_front_door(stranger: Browser, ada: Actor) -> None:
    page = await stranger.signs_in("ada", next="//evil.example")
    assert page.location == "/"


async def test_a_wrong_password_keeps_the_name_and_says_no_more(stranger: Browser, ada: Actor) -> None:
    wrong = await stranger.signs_in("ada", "wrong")
    unknown = await stranger.signs_in("nobody", "wrong")
    assert wrong.status == unknown.status == 401
    assert wrong.value("username") == "ada"
    assert 'role="alert"' in wrong.text
    assert wrong.text.count("is not right") == unknown.text.count("is not right") == 1
    assert "wrong" not in wrong.text


async def test_too_many_tries_have_to_wait(stranger: Browser, ada: Actor, settings: Settings) -> None:
    for _ in range(settings.login_tries):
        assert (await stranger.signs_in("ada", "wrong")).status == 401
    page = await stranger.signs_in("ada")
    assert page.status == 429
    seconds = int(page.headers["Retry-After"])
    assert seconds > 0
    assert Moments.wait(seconds) in page.text


@pytest.mark.parametrize("missing", ["username", "password"])
async def test_an_empty_form_is_refused_with_a_word_on_the_field(stranger: Browser, ada: Actor, missing: str) -> None:
    csrf = (await stranger.opens("/login")).csrf()
    fields = {"csrf": csrf, "username": "ada", "password": PASSWORD}
    del fields[missing]
    page = await stranger.posts("/login", fields)
    assert page.status == 422
    assert f'id="f-{missing}-error"' in page.text


async def test_who_is_signed_in_needs_no_form(adas: Browser) -> None:
    page = await adas.opens("/login?next=/rooms")
    assert (page.status, page.location) == (303, "/rooms")


async def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(stranger: Browser, ada: Actor) -> None:
    cookie = (await stranger.signs_in("ada")).cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == ""


async def test_a_remembered_cookie_outlives_the_browser(stranger: Browser, ada: Actor) -> None:
    cookie = (await stranger.signs_in("ada", remember="1")).cookies["session"]
    assert int(cookie["max-age"]) == 30 * 86_400


async def test_signing_in_makes_everything_in_the_cookie_new(stranger: Browser, ada: Actor) -> None:
    page = await stranger.opens("/login")
    before = stranger.cookie()
    assert before
    assert (
        await stranger.posts("/login", {"csrf": page.csrf(), "username": "ada", "password": PASSWORD})
    ).status == 303
    assert stranger.cookie() != before
    # The token of the old page is bound to the old cookie.
    assert (await stranger.posts("/logout", {"csrf": page.csrf()})).status == 403


async def test_signing_in_ends_the_session_that_was_there(adas: Browser, ada: Actor, grace: Actor, chat: Chat) -> None:
    assert len(await chat.sign_in.sessions(ada.person)) == 1
    page = await adas.opens("/settings/profile")
    fields = {"csrf": page.csrf(), "username": "grace", "password": PASSWORD}
    assert (await adas.posts("/login", fields)).status == 303
    assert await chat.sign_in.sessions(ada.person) == []
    assert len(await chat.sign_in.sessions(grace.person)) == 1


async def test_the_cookie_holds_no_digest_and_the_table_no_secret(adas: Browser, ada: Actor, chat: Chat) -> None:
    (session,) = await chat.sign_in.sessions(ada.person)
    assert session.digest not in adas.cookie()
    assert hashlib.sha256(adas.cookie().encode()).hexdigest() != session.digest


async def test_signing_out_ends_the_session_on_the_server_too(adas: Browser, ada: Actor, chat: Chat) -> None:
    copied = adas.cookie()
    page = await adas.submits("/logout", on="/rooms")
    assert (page.status, page.location) == (303, "/login")
    assert page.cookies["session"]["max-age"] == "0"
    assert adas.cookie() == ""
    assert await chat.sign_in.sessions(ada.person) == []
    adas.plant(copied)
    assert (await adas.opens("/rooms")).location == "/login?next=/rooms"


async def test_the_front_door_leads_to_the_last_room(adas: Browser, ada: Actor, chat: Chat) -> None:
    assert (await adas.opens("/")).location == "/rooms/general"
    await chat.rooms.create(ada.person, name="ops")
    await adas.opens("/rooms/ops")
    assert (await adas.opens("/")).location == "/rooms/ops"
    await chat.memberships.leave(ada.person, "ops")
    assert (await adas.opens("/")).location == "/rooms/general"
