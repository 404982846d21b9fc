"""Who asks for page after page is slowed down; probes, static files and everybody else are not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chatapp.settings import Settings
from tests.support.cast import Actor
from tests.support.time import SettableClock
from tests.web.browser import Browser
from tests.web.script import MESSAGES, Script

PER_MINUTE = 12


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, requests_per_minute=PER_MINUTE)


async def test_a_script_that_reads_without_end_is_told_when_to_come_back(
    ada_script: Script, grace_script: Script, clock: SettableClock
) -> None:
    assert [(await ada_script.calls("GET", MESSAGES)).status for _ in range(PER_MINUTE)] == [200] * PER_MINUTE
    page = await ada_script.calls("GET", MESSAGES)
    assert (page.status, page.headers["Content-Type"]) == (429, "application/problem+json")
    assert json.loads(page.text)["retry_after"] == int(page.headers["Retry-After"]) == 5
    assert (await grace_script.calls("GET", MESSAGES)).status == 200
    clock.passes(seconds=5)
    assert [(await ada_script.calls("GET", MESSAGES)).status for _ in range(2)] == [200, 429]


async def test_a_person_over_the_limit_sees_a_page(adas: Browser) -> None:
    pages = [await adas.opens("/rooms/general") for _ in range(PER_MINUTE + 1)]
    assert pages[0].status == 200
    assert (pages[-1].status, pages[-1].headers["Retry-After"]) == (429, "5")
    assert "Too many at once" in pages[-1].text


async def test_strangers_of_an_address_share_five_times_as_much(stranger: Browser, ada: Actor) -> None:
    assert {(await stranger.opens("/login")).status for _ in range(5 * PER_MINUTE)} == {200}
    assert (await stranger.opens("/login")).status == 429
    # Nobody is shut out who has come in.
    assert (await stranger.sends("GET", MESSAGES, headers=ada.bearer)).status == 200


async def test_what_asks_nothing_of_the_database_is_never_refused(stranger: Browser, ada: Actor) -> None:
    pages = [await stranger.opens("/login") for _ in range(5 * PER_MINUTE + 1)]
    assert pages[-1].status == 429
    sheet = pages[0].text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert sheet.startswith("/static/")
    statuses = [(await stranger.opens(path)).status for path in ("/healthz", "/readyz", "/ping", sheet)]
    assert statuses == [200] * 4


async def test_a_socket_has_a_limit_of_its_own(ada_script: Script) -> None:
    assert {(await ada_script.calls("GET", MESSAGES)).status for _ in range(PER_MINUTE + 1)} == {200, 429}
    assert (await ada_script.calls("GET", "/ws")).status == 426
    assert (await ada_script.calls("GET", "/rooms/general/ws")).status == 426
