"""Browser tests: one Chromium for all, a server process for each file, a fresh context for every person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, BrowserContext, Page

from chatapp.app import create_app
from chatapp.keys import CHAT
from tests.e2e.injecting import add
from tests.e2e.verbs import submit
from tests.support.browser import PATIENCE_MS, WIDE, Guard, browsing, chromium, stand_before_acting
from tests.support.dribble import Dribble
from tests.support.engine import settings_on
from tests.support.needs import lacking
from tests.support.server import PASSWORD, Server, serving

Login = Callable[..., Awaitable[Page]]


def pytest_collectstart(collector: pytest.Collector) -> None:
    # Before the tests of a file are made: a loop that ended with its test would take browser and server with it.
    if isinstance(collector, pytest.Module) and "e2e" in collector.path.parts:
        collector.add_marker(pytest.mark.asyncio(loop_scope="session"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with browsing(chromium() or lacking("A browser (chromium-headless-shell, or CHATAPP_CHROMIUM)")) as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole_browser() -> AsyncIterator[Browser]:
    """For files that take it as their ``browser``, since the shell shows no notifications."""
    async with browsing(chromium(is_whole=True) or lacking("A whole browser (chromium)")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> AsyncIterator[Server]:
    """A server for the tests of a file, with three people in general; tests make rooms of their own.

    One for all files would list the rooms of hundreds of tests on every page.
    """
    data = tmp_path_factory.mktemp("e2e") / "data"
    data.mkdir(mode=0o700)
    async with TestClient(TestServer(app := create_app(settings_on(data, migrated, durability="normal")))):
        await add(app[CHAT], "ada", "Ada Okafor", is_admin=True)
        await add(app[CHAT], "grace", "Grace Lin")
        await add(app[CHAT], "lin", "林晓")
    async with serving(data, LIMITS="off", HEARTBEAT="5") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, server: Server) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """A page in a context of its own, signed in when a name is given; guarded to the end of the test.

    Nothing is drawn before the test, or ``at``, says what.
    """
    contexts: list[tuple[BrowserContext, Guard]] = []

    async def open_page(username: str = "", *, at: str = "", to: Server | Dribble = server, **options: Any) -> Page:
        context = await browser.new_context(**{"base_url": to.url, "viewport": WIDE, "locale": "en-US", **options})
        context.set_default_timeout(PATIENCE_MS)
        guard = Guard(to.url)
        await guard.watch(context)
        if options.get("java_script_enabled", True):
            context.on("page", stand_before_acting)
        contexts.append((context, guard))
        page = await context.new_page()
        if username:
            await submit(context, "/login", at="/login", username=username, password=PASSWORD)
        if at:
            await page.goto(at)
        return page

    yield open_page
    for context, guard in contexts:
        for page in context.pages:
            await guard.check(page)
        await context.close()


@pytest.fixture
def screens(tmp_path: Path) -> Path:
    """Where a test may leave pictures."""
    return tmp_path
