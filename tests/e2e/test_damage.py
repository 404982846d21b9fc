"""What the page shows when the server's disk is not what it was: an older database, a message that was altered."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.verbs import api, post_many, row, rows, say
from tests.support.damage import alter
from tests.support.server import PASSWORD, Server

pytestmark = pytest.mark.file_only("damage to the file")
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


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lasting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server for all who leave it as good as it was; started again by whoever needs it."""
    server = Server(tmp_path_factory.mktemp("lasting") / "data", LIMITS="off", HEARTBEAT="5")
    await server.add_person("ada", is_admin=True)
    yield server
    await server.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def running(lasting: Server) -> Server:
    if not lasting.is_running:
        await lasting.start()
    return lasting


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
    # Why it is so is said once, where the rest was, and not that somebody was away.
    await expect(page.locator("#timeline .restored")).to_contain_text("set back to an earlier state")
    await expect(page.locator("#timeline .hole")).to_have_count(0)
    shown = await rows(page).evaluate_all("rows => rows.map(row => Number(row.dataset.index))")
    assert shown == list(range(67 - len(shown) + 1, 68))
    # Live again, on the new history's numbers.
    await api(server, token, "POST", "/rooms/general/messages", content="and on")
    await expect(row(page, "and on")).to_have_count(1)
    await say(page, "written here")
    after = await page.locator("#timeline .restored ~ .msg").evaluate_all(
        "rows => rows.map(row => Number(row.dataset.index))"
    )
    assert after == [68, 69]


async def test_a_page_that_a_restore_signed_out_shows_nothing_and_keeps_what_was_written(
    visit: Visit, running: Server, tmp_path: Path
) -> None:
    server = running
    await server.run("backup", str(tmp_path / "backup"))
    page = await visit("ada", to=server, at="/rooms/general")
    await say(page, "phantom")
    await page.context.set_offline(True)
    await page.fill("#message", "unsent words")
    await page.press("#message", "Enter")
    await server.kill()
    await server.run("restore", str(tmp_path / "backup"))
    await server.start()
    await page.context.set_offline(False)
    told = "You have been logged out. What you wrote is kept in this browser. Log in to send it."
    await expect(page.locator("main [role=status]")).to_have_text(told, timeout=BACK_MS)
    await page.fill("[name=username]", "ada")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button:not([type=button])")
    await row(page, "unsent words").locator("[data-retry]").click()
    await expect(row(page, "unsent words")).to_have_attribute("data-index", re.compile(r"\d+"))
    await expect(row(page, "phantom")).to_have_count(0)


async def test_a_text_that_cannot_be_stored_is_tried_again_by_itself(visit: Visit, running: Server) -> None:
    page = await visit("ada", to=running, at="/rooms/general")
    await say(page, "before")
    database = running.data / "chatapp.db"
    database.rename(running.data / "aside")
    await page.fill("#message", "patient words")
    await page.press("#message", "Enter")
    sentence = "The server cannot store messages at the moment. It is tried again."
    await expect(row(page, "patient words").locator(".state")).to_have_text(sentence)
    (running.data / "aside").rename(database)
    await expect(row(page, "patient words")).to_have_attribute("data-index", re.compile(r"\d+"), timeout=BACK_MS)
    await page.reload()
    await expect(row(page, "patient words")).to_have_count(1)


async def test_a_server_that_restarts_is_not_a_lost_connection(visit: Visit, running: Server) -> None:
    page = await visit("ada", to=running, at="/rooms/general")
    await say(page, "said while it ran")
    await running.stop()
    await expect(page.locator("#banner-text")).to_have_text(
        re.compile(r"The server is restarting\. Reconnecting in \d+ s")
    )


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
