"""Browser tests: one Chromium and one server process for all, a fresh context for every person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.e2e.verbs import submit
from tests.support.browser import PATIENCE_MS, WIDE, Guard, browsing, chromium
from tests.support.needs import lacking
from tests.support.server import PASSWORD, Server

Login = Callable[..., Awaitable[Page]]


def pytest_collectstart(collector: pytest.Collector) -> None:
    # Before the tests of a file are made: a loop that ended with its test would take browser and server with it.
    if isinstance(collector, pytest.Module) and "e2e" in collector.path.parts:
        collector.add_marker(pytest.mark.asyncio(loop_scope="session"))


@pytest.fixture(scope="session")
def executable() -> str:
    return chromium() or lacking("A browser (chromium, or CHATAPP_CHROMIUM)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(executable: str) -> AsyncIterator[Browser]:
    async with browsing(executable) as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server with three people in general; tests make rooms of their own."""
    running = Server(tmp_path_factory.mktemp("e2e") / "data", LIMITS="off", HEARTBEAT="5")
    await running.add_person("ada", display_name="Ada Okafor", is_admin=True)
    await running.add_person("grace", display_name="Grace Lin")
    await running.add_person("lin", display_name="林晓")
    await running.start()
    try:
        yield running
    finally:
        await running.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, server: Server) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """A page in a context of its own, signed in when a name is given; guarded to the end of the test.

    Nothing is drawn before the test, or ``at``, says what.
    """
    contexts: list[tuple[BrowserContext, Guard]] = []

    async def open_page(username: str = "", *, at: str = "", to: Server = server, **options: Any) -> Page:
        context = await browser.new_context(base_url=to.url, viewport=options.pop("viewport", WIDE), **options)
        context.set_default_timeout(PATIENCE_MS)
        guard = Guard(to.url)
        await guard.watch(context)
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
