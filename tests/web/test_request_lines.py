"""The log's line of a request names who is signed in: before it, by it, or until it ended their session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import structlog
from aiohttp import web

from chatapp.web.paths import OPEN_PATHS
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser
from tests.web.router import routes


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as entries:
        yield cast("list[Any]", entries)


def named(logged: list[Any], path: str) -> str:
    """Whom the only line about that path names."""
    (line,) = [entry for entry in logged if entry["event"] == "request" and entry["path"] == path]
    logged.clear()
    return str(line["person"])


async def test_whatever_somebody_signed_in_asks_for_their_name_is_in_the_line(
    app: web.Application, adas: Browser, logged: list[Any]
) -> None:
    cookie = adas.cookie()
    for method, path in [*routes(app), ("GET", "/nothing/here"), ("PUT", "/rooms")]:
        adas.plant(cookie)
        await adas.sends("GET" if method == "*" else method, path, headers={"Origin": adas.origin})
    lines = [entry for entry in logged if entry["event"] == "request"]
    closed = [line for line in lines if line["path"] not in OPEN_PATHS and not line["path"].startswith("/static/")]
    assert len(closed) > 60
    assert [line for line in closed if line["person"] != "ada"] == []


async def test_who_signs_in_is_named_and_who_only_tries_is_not(
    stranger: Browser, ada: Actor, logged: list[Any]
) -> None:
    page = await stranger.opens("/login")
    assert named(logged, "/login") == ""
    for password, name in (("wrong password", ""), (PASSWORD, "ada")):
        await stranger.posts("/login", {"csrf": page.csrf(), "username": "ada", "password": password})
        assert named(logged, "/login") == name
    stranger.session.cookie_jar.clear()
    for password, name in (("wrong password", ""), (PASSWORD, "ada")):
        await stranger.sends("POST", "/api/v1/tokens", json={"username": "ada", "password": password})
        assert named(logged, "/api/v1/tokens") == name


async def test_who_signs_out_is_named_for_the_last_time(adas: Browser, logged: list[Any]) -> None:
    page = await adas.opens("/settings/sessions")
    logged.clear()
    assert (await adas.posts("/logout", {"csrf": page.csrf()})).location == "/login"
    assert named(logged, "/logout") == "ada"
    await adas.opens("/login")
    assert named(logged, "/login") == ""


async def test_who_is_signed_out_while_they_are_answered_is_named(
    adas: Browser, ada: Actor, logged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ada.chat.sign_in.sessions

    async def reads_once_they_have_ended(person: Any) -> Any:
        found = await read(person)
        for session in found:
            await ada.chat.sign_in.end_session(person, session.digest)
        return found

    monkeypatch.setattr(ada.chat.sign_in, "sessions", reads_once_they_have_ended)
    page = await adas.opens("/settings/sessions")
    assert "/login" in page.location
    assert named(logged, "/settings/sessions") == "ada"
