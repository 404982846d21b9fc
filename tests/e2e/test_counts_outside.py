"""What a browser shows outside of the page of how much is unread: the title, the icon of the tab, that of the app."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.verbs import comes_true, new_room, say
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

NOTE = """
window.__badge = 'untouched';
Navigator.prototype.setAppBadge = async (number) => { window.__badge = number; };
Navigator.prototype.clearAppBadge = async () => { window.__badge = 0; };
"""


@pytest_asyncio.fixture(loop_scope="session")
async def ours(tmp_path: Path) -> AsyncIterator[Server]:
    """A server where nobody else writes."""
    server = Server(tmp_path / "data", LIMITS="off")
    for username in ("ada", "nora"):
        await server.add_person(username)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


async def test_title_icon_and_badge_count_and_forget(visit: Visit, ours: Server) -> None:
    ada = await visit("ada", to=ours)
    direct = await visit("ada", at="/people", to=ours)
    page = await visit("nora", to=ours)
    await page.add_init_script(NOTE)
    await page.goto("/rooms/general")
    await page.keyboard.press("Escape")
    await comes_true(page, "window.__badge === 0")
    room = await new_room(ada, "nora")
    await ada.goto(f"/rooms/{room}")
    await say(ada, "for nobody")
    # What is meant for her is counted, in the title and on the icon; of the rest a star says that it is there.
    await expect(page).to_have_title(re.compile(r"^\* #"))
    icon = page.locator("link[rel=icon]")
    await expect(icon).to_have_attribute("href", re.compile("favicon-unread"))
    assert await page.evaluate("window.__badge") == 0
    await say(ada, "for @nora")
    await comes_true(page, "window.__badge === 1")
    await expect(page).to_have_title(re.compile(r"^\(1\) #"))
    await direct.click('form:has([value="nora"]) button')
    await say(direct, "hello nora")
    await comes_true(page, "window.__badge === 2")
    await expect(page).to_have_title(re.compile(r"^\(2\) #"))
    # Read on another device.
    phone = await visit("nora", to=ours, at=f"/rooms/{room}")
    await comes_true(page, "window.__badge === 1")
    await phone.goto(direct.url)
    await comes_true(page, "window.__badge === 0")
    await expect(page).to_have_title(re.compile("^#"))
    await expect(icon).not_to_have_attribute("href", re.compile("favicon-unread"))


async def test_who_logs_out_leaves_no_number_on_the_icon(visit: Visit, ours: Server) -> None:
    ada = await visit("ada", to=ours)
    page = await visit("nora", to=ours)
    await page.add_init_script(NOTE)
    await page.goto("/rooms/general")
    room = await new_room(ada, "nora")
    await ada.goto(f"/rooms/{room}")
    await say(ada, "for @nora")
    await comes_true(page, "window.__badge > 0")
    await page.click(".me-button")
    await page.click('form[action="/logout"] button')
    await page.wait_for_url("**/login**")
    await comes_true(page, "window.__badge === 0")
