"""Where to report a hole, as RFC 9116 writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiohttp.test_utils import TestServer

from chatapp.app import create_app
from chatapp.settings import Settings
from tests.web.browser import Browser, browser

PATH = "/.well-known/security.txt"


async def test_whom_the_operator_names_can_be_found(settings: Settings, aiohttp_client: Callable[..., Any]) -> None:
    named = replace(settings, security_contact="mailto:security@example.org", base_url="https://chat.example.org")
    async with browser(await aiohttp_client(TestServer(create_app(named)))) as stranger:
        answer = await stranger.opens(PATH)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    told = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert told["Contact"] == "mailto:security@example.org"
    assert told["Canonical"] == f"https://chat.example.org{PATH}"
    assert 80 < (datetime.fromisoformat(told["Expires"]) - datetime.now(UTC)).days < 365


async def test_who_names_nobody_has_no_such_page(stranger: Browser) -> None:
    assert (await stranger.opens(PATH)).status == 404
