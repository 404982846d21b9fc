"""Nobody finds out by asking who has an account: the answers are alike, and so is the time they take."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.keys import CHAT
from chatapp.settings import Settings
from tests.support.cast import PASSWORD
from tests.support.rounds import IS_LONG, rounds
from tests.web.browser import Browser, Page, browser

Ask = Callable[[Browser, str], Awaitable[Page]]
# What differs between any two answers, and is not about anybody.
CHANCE: Final = [r'value="[^"]*"', r"[0-9a-f]{16,}", r"person-\d+\w*|ada", r"new\d+"]
PASSING: Final = {"date", "x-request-id", "content-length", "set-cookie"}
SAMPLES: Final = rounds(15, 300)
# Without a dummy hash a miss takes a tenth of the time. A short run on a busy machine counts the work of this process,
# server and hashes included, and not the time in which others were at work.
CLOSENESS: Final = 0.1 if IS_LONG else 0.5
clock: Final = time.perf_counter if IS_LONG else time.process_time


@pytest.fixture
async def stranger(settings: Settings, aiohttp_client: Callable[..., Any]) -> AsyncIterator[Browser]:
    """A browser in front of an open chat where Ada has an account, and hashes cost what they are worth."""
    opened = replace(settings, registration="open", limits=False, password_memory_kib=19456)
    app: web.Application = create_app(opened)
    client: TestClient[Any, Any] = await aiohttp_client(TestServer(app))
    await app[CHAT].accounts.add(username="ada", email="ada@example.org", password=PASSWORD)
    async with browser(client) as found:
        yield found


async def logs_in_by_name(asker: Browser, name: str) -> Page:
    return await asker.signs_in(name, "wrong password")


async def logs_in_by_address(asker: Browser, name: str) -> Page:
    return await asker.signs_in(f"{name}@example.org", "wrong password")


async def asks_for_a_token(asker: Browser, name: str) -> Page:
    return await asker.sends("POST", "/api/v1/tokens", json={"username": name, "password": "wrong password"})


async def forgets_a_password(asker: Browser, name: str) -> Page:
    return await asker.makes("/forgot", email=f"{name}@example.org")


async def registers(asker: Browser, name: str) -> Page:
    """An account of a new name for that address, and the page it leads to."""
    asker.session.cookie_jar.clear()
    page = await asker.submits(
        "/register", username=f"new{time.monotonic_ns()}", email=f"{name}@example.org", password=PASSWORD
    )
    page.text += (await asker.opens("/verify")).text.replace(f"{name[0]}***@", "***@")
    return page


DOORS: Final[list[Ask]] = [logs_in_by_name, logs_in_by_address, asks_for_a_token, forgets_a_password, registers]


def plain(page: Page) -> tuple[int, str, dict[str, str], list[str]]:
    """An answer without what chance put into it."""
    headers = {name: value for name, value in page.headers.items() if name.lower() not in PASSING}
    cookies = [re.sub("=[^;]*", "=", value, count=1) for value in page.headers.getall("Set-Cookie", [])]
    text = page.text
    for pattern in CHANCE:
        text = re.sub(pattern, "~", text)
    return page.status, text, headers, cookies


@pytest.mark.parametrize("ask", DOORS, ids=lambda ask: ask.__name__)
async def test_the_answer_is_the_same_for_known_and_unknown(stranger: Browser, ask: Ask) -> None:
    known, unknown = await ask(stranger, "ada"), await ask(stranger, "person-1")
    assert plain(known) == plain(unknown)
    assert known.status in {200, 303, 401}


@pytest.mark.parametrize("ask", DOORS, ids=lambda ask: ask.__name__)
@pytest.mark.timeout(600)
async def test_the_answer_takes_as_long_for_known_and_unknown(stranger: Browser, ask: Ask) -> None:
    took: dict[bool, list[float]] = {True: [], False: []}
    # In turn, each kind would bear what the other leaves behind, as the job of a reset.
    order = random.sample([True, False] * SAMPLES, 2 * SAMPLES)
    for number, is_known in enumerate(order):
        began = clock()
        await ask(stranger, "ada" if is_known else f"person-{number}")
        took[is_known].append(clock() - began)
    ratio = statistics.median(took[False]) / statistics.median(took[True])
    print(f"{ask.__name__}: unknown/known {ratio:.3f} over {SAMPLES} each")
    assert 1 - CLOSENESS <= ratio <= 1 / (1 - CLOSENESS)
