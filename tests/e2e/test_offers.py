"""What is loaded with the first that needs it keeps nobody waiting."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from tests.e2e.test_files import chooses
from tests.e2e.verbs import NOTES, attach, comes_true, hold, new_room, say, submit
from tests.support.browser import NARROW
from tests.support.pictures import picture
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

# Whether there is no shade then.
DRAG: Final = """kinds => {
  const files = new DataTransfer();
  files.items.add(new File(['x'], 'a.txt'));
  for (const kind of kinds) dispatchEvent(new DragEvent(kind, { dataTransfer: files, cancelable: true }));
  return document.getElementById('dropping').hidden;
}"""


async def test_files_are_chosen_while_what_sends_them_is_on_its_way(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    arrives = await hold(page, "**/js/files.js")
    await attach(page, NOTES)
    arrives.set()
    await expect(page.locator(".chosen .file-about")).to_have_text("TXT, 5 B")


async def test_who_sends_a_picture_stays_at_the_end(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await say(page, "a line\n" * 60)
    await attach(page, FilePayload(name="a.png", mimeType="image/png", buffer=picture()))
    await expect(page.locator(".chosen img")).to_have_count(1)
    await page.press("#message", "Enter")
    await expect(page.locator("#timeline .msg[data-index] .files img")).to_have_count(1)
    log = "document.getElementById('timeline')"
    await comes_true(page, f"{log}.scrollHeight - {log}.scrollTop - {log}.clientHeight < 2")


async def test_files_that_were_chosen_wait_for_what_sends_them_where_it_did_not_come(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    failed = asyncio.Event()

    async def fails(route: Route) -> None:
        await route.abort()
        failed.set()

    await page.route("**/js/files.js*", fails)
    await attach(page, NOTES)
    await failed.wait()
    await page.unroute_all()
    await expect(page.locator(".chosen .file-about")).to_have_text("TXT, 5 B")


async def test_what_is_typed_after_enter_does_not_go_out_with_files_that_were_on_their_way(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    arrives = await hold(page, "**/api/v1/files?*")
    await attach(page, NOTES)
    await expect(page.locator(".chosen")).to_have_count(1)
    await page.type("#message", "the notes")
    await page.press("#message", "Enter")
    await page.type("#message", ", and half a thou")
    arrives.set()
    await expect(page.locator(".chosen progress")).to_be_hidden()
    await page.type("#message", "ght")
    await page.press("#message", "Enter")
    await expect(page.locator("#timeline .msg[data-index]")).to_contain_text("the notes, and half a thought")
    await expect(page.locator("#timeline .msg[data-index] .file-name")).to_have_text("notes.txt")


async def test_a_file_that_was_dragged_past_leaves_no_shade(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    arrives = await hold(page, "**/js/files.js")
    await page.evaluate(DRAG, ["dragenter", "dragover", "dragleave"])
    arrives.set()
    shade = page.locator("#dropping")
    await comes_true(page, "Boolean(document.querySelector('#composer .tray'))")
    await expect(shade).to_be_hidden()
    # Safari says that it has left where it goes on to the next element: nothing flickers.
    await page.evaluate(DRAG, ["dragenter", "dragover"])
    await expect(shade).to_be_visible()
    assert not await page.evaluate(DRAG, ["dragleave"])
    await expect(shade).to_be_hidden()


async def test_who_leaves_with_files_that_were_chosen_is_asked(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    may_leave = "dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    async with page.expect_file_chooser() as opened:
        await page.get_by_role("button", name="Attach files").click()
    assert await page.evaluate(may_leave)
    await (await opened.value).set_files([NOTES])
    await expect(page.locator(".chosen .file-about")).to_have_text("TXT, 5 B")
    assert not await page.evaluate(may_leave)
    await page.press("#message", "Enter")
    await expect(page.locator("#timeline .msg[data-index] .file-name")).to_have_text("notes.txt")
    assert await page.evaluate(may_leave)


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["here", "elsewhere"])
async def test_nobody_is_asked_about_files_by_a_page_that_a_logout_ends(visit: Visit, is_elsewhere: bool) -> None:
    """It could not send them any more: who stayed on it would have a page without a connection, or a blank one."""
    page = await visit("grace")
    room = await new_room(page)
    await chooses(page, FilePayload(name="a.txt", mimeType="text/plain", buffer=b"hello"))
    if is_elsewhere:
        await submit(page.context, "/logout", at=f"/rooms/{room}")
    else:
        await page.click("[popovertarget=me-menu]")
        await page.click("#me-menu button")
    await page.wait_for_url("**/login*")


async def test_an_upload_that_does_not_move_any_more_ends_and_can_be_tried_again(visit: Visit) -> None:
    page = await visit("ada")
    await page.clock.install()
    await new_room(page)
    await page.route("**/api/v1/files?*", lambda _: None)
    async with page.expect_request("**/api/v1/files?*"):
        await chooses(page, NOTES)
    await page.fill("#message", "the notes")
    await page.press("#message", "Enter")
    await page.clock.fast_forward(59_000)
    await expect(page.locator(".chosen.failed")).to_have_count(0)
    async with page.expect_event("requestfailed"):
        await page.clock.fast_forward(1_000)
    await expect(page.locator(".chosen .file-about")).to_have_text("The upload has not moved for a minute.")
    await expect(page.locator("#message")).to_have_value("the notes")
    await page.unroute_all()
    await page.get_by_role("button", name="Retry").click()
    await expect(page.locator(".chosen .file-about")).to_have_text("TXT, 5 B")
    await page.clock.fast_forward(61_000)
    await page.press("#message", "Enter")
    await expect(page.locator("#timeline .msg[data-index] .file-name")).to_have_text("notes.txt")
    await expect(page.locator("#timeline .msg[data-index]")).to_contain_text("the notes")


async def test_an_upload_that_is_there_has_longer_to_be_looked_at(visit: Visit, server: Server) -> None:
    """By the server, and before it by a proxy that passes on what it has in whole only."""
    page = await visit("ada")
    await page.clock.install()
    await new_room(page)
    await chooses(page, NOTES)
    about = page.locator(".chosen .file-about")
    await expect(about).to_have_text("TXT, 5 B")
    server.send(signal.SIGSTOP)
    try:
        await chooses(page, NOTES)
        await expect(about.last).to_have_text("The server looks at it…")
        await page.clock.fast_forward(120_000)
    finally:
        server.send(signal.SIGCONT)
    await expect(about.last).to_have_text("TXT, 5 B")
    server.send(signal.SIGSTOP)
    try:
        await chooses(page, NOTES)
        await expect(about.last).to_have_text("The server looks at it…")
        await page.clock.fast_forward(300_000)
        await expect(about.last).to_have_text("The upload was interrupted.")
    finally:
        server.send(signal.SIGCONT)


@pytest.mark.parametrize("at", [0, 8], ids=["first", "last"])
async def test_which_of_many_files_failed_is_in_sight_when_nothing_is_sent(visit: Visit, at: int) -> None:
    page = await visit("ada", viewport=NARROW)
    await new_room(page)
    files = [FilePayload(name=f"{n}.txt", mimeType="text/plain", buffer=b"hello") for n in range(9)]
    files[at]["buffer"] = b""
    await attach(page, *files)
    await expect(page.locator(".chosen progress:visible")).to_have_count(0)
    await page.locator(".tray").evaluate("(tray, end) => { tray.scrollTop = end; }", 0 if at else 9_999)
    await page.click("#composer .send")
    await expect(page.locator(".tray-note")).to_be_in_viewport()
    await expect(page.locator(".chosen.failed")).to_be_in_viewport(ratio=1)
