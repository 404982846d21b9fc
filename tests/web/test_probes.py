"""What machines ask, and how static files are sent."""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from chatapp.core.errors import Unavailable
from chatapp.domain.chat import Chat
from chatapp.web import probes
from tests.support.source import ROOT
from tests.web.browser import Browser
from tests.web.raw import ask


async def test_ping_pongs(stranger: Browser) -> None:
    assert (await stranger.opens("/ping")).text == "PONG!"


async def test_the_process_is_alive_and_ready(stranger: Browser) -> None:
    assert (await stranger.opens("/healthz")).status == 200
    assert (await stranger.opens("/readyz")).status == 200


async def test_without_its_database_it_is_alive_but_not_ready(
    stranger: Browser, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_statement: object) -> None:
        raise Unavailable

    monkeypatch.setattr(chat.housekeeping._database, "one", fail)
    assert (await stranger.opens("/healthz")).status == 200
    assert (await stranger.opens("/readyz")).status == 503


async def test_who_is_about_to_end_is_not_ready(stranger: Browser, chat: Chat) -> None:
    chat.hub.is_draining = True
    assert (await stranger.opens("/healthz")).status == 200
    assert (await stranger.opens("/readyz")).status == 503


async def test_of_a_database_that_does_not_answer_nobody_waits_to_hear(
    stranger: Browser, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def say_nothing(_statement: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(chat.housekeeping._database, "one", say_nothing)
    monkeypatch.setattr(probes, "PATIENCE_SECONDS", 0.1)
    assert (await stranger.opens("/readyz")).status == 503


async def test_the_contract_is_told_to_everybody(stranger: Browser) -> None:
    told = await stranger.opens("/api/docs")
    assert (told.status, told.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert told.text == (ROOT / "docs" / "protocol.md").read_text()


async def test_robots_stay_out(stranger: Browser) -> None:
    assert (await stranger.opens("/robots.txt")).text == "User-agent: *\nDisallow: /\n"


async def test_static_files_are_kept_for_ever(client: TestClient[Any, Any], stranger: Browser, chat: Chat) -> None:
    await chat.accounts.add(username="ada", email="ada@example.org", password="correct horse battery")
    found = re.findall(r'(?:href|src)="(/static/[^"#]+)"', (await stranger.opens("/login")).text)
    assert any(path.endswith("/app.css") for path in found)
    for path in found:
        plain = await stranger.opens(path, **{"Accept-Encoding": "identity"})
        assert plain.status == 200
        assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert plain.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Encoding" not in plain.headers
        assert "Set-Cookie" not in plain.headers
        packed = await ask(client, f"GET {path} HTTP/1.1".encode(), b"Accept-Encoding: gzip")
        if "Content-Encoding: gzip" in packed.head:
            assert gzip.decompress(packed.body).decode() == plain.text


@pytest.mark.parametrize(
    "path",
    [
        "app.css/../../../setup.cfg",
        "..%2f..%2fsetup.cfg",
        "%2e%2e/%2e%2e/setup.cfg",
        "/etc/passwd",
        "css/ORDER",
        "js/",
        "js",
        "app.css%00.js",
    ],
)
async def test_nothing_else_is_served(client: TestClient[Any, Any], stranger: Browser, chat: Chat, path: str) -> None:
    await chat.accounts.add(username="ada", email="ada@example.org", password="correct horse battery")
    found = re.search(r'"/static/([0-9a-f]+)/app\.css"', (await stranger.opens("/login")).text)
    assert found
    answer = await ask(client, f"GET /static/{found[1]}/{path} HTTP/1.1".encode())
    assert answer.status in {400, 404}
