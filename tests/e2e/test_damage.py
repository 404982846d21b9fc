"""What the page shows when the server's disk is not what it was: an older database, a message that was altered."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.verbs import api, post_many, row, rows, say
from tests.support.damage import alter
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]
# A page comes back after 1 s at first, then ever later, up to 30 s.
BACK_MS = 40_000


@pytest_asyncio.fixture(loop_scope="session")
async def own(tmp_path: Path) -> AsyncIterator[tuple[Server, str]]:
    """A server that may be killed, and the token of ada, who is on it."""
    server = Server(tmp_path / "data", LIMITS="off", HEARTBEAT="5")
    token = await server.add_person("ada", display_name="Ada Okafor", is_admin=True)
    await server.start()
    yield server, token
    await server.kill()


async def test_an_older_database_leaves_no_phantom_on_an_open_page(
    visit: Visit, own: tuple[Server, str], tmp_path: Path
) -> None:
    server, token = own
    page = await visit("ada", to=server, at="/rooms/general")
    await post_many(page, 60)
    await say(page, "kept")
    await server.run("backup", str(tmp_path / "backup"))
    for number in range(5):
        await say(page, f"phantom {number}")
    # Until as many are said as are gone, so that the numbers the page knows mean something else when it is back.
    await page.context.set_offline(True)
    await server.kill()
    await server.run("restore", str(tmp_path / "backup"))
    await server.start()
    for number in range(6):
        await api(server, token, "POST", "/rooms/general/messages", content=f"new {number}")
    await page.context.set_offline(False)
    began = time.monotonic()
    await expect(row(page, "new 5")).to_have_count(1, timeout=BACK_MS)
    print(f"restore: the open page was right {time.monotonic() - began:.1f} s after it could reach the server")
    await expect(row(page, "phantom")).to_have_count(0)
    await expect(row(page, "kept")).to_have_count(1)
    await expect(page.locator("#timeline .gap")).to_have_count(1)
    shown = await rows(page).evaluate_all("rows => rows.map(row => Number(row.dataset.index))")
    assert shown == list(range(67 - len(shown) + 1, 68))
    # Live again, on the new history's numbers.
    await api(server, token, "POST", "/rooms/general/messages", content="and on")
    await expect(row(page, "and on")).to_have_count(1)
    await say(page, "written here")


async def test_a_damaged_message_says_so_wherever_it_is_drawn(visit: Visit, own: tuple[Server, str]) -> None:
    server, token = own
    for number in range(1, 71):
        await api(server, token, "POST", "/rooms/general/messages", content=f"word {number}")
    for index in (5, 60):
        alter(server.data / "chatapp.db", 1, index, {"content": "altered"})
    # By the server: the page of those two, read from the disk.
    page = await visit("ada", to=server, at="/rooms/general?after=55")
    await expect(page.locator("#m60 .bd")).to_have_text("This message is damaged on the server's disk.")
    # By the scripts: what is loaded when one scrolls up.
    await page.goto("/rooms/general")
    await page.locator("#timeline").evaluate("log => { log.scrollTop = 0 }")
    await expect(page.locator("#m5 .bd")).to_have_text("This message is damaged on the server's disk.")
    assert await row(page, "altered").count() == 0
