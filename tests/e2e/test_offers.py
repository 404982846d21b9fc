"""What is loaded with the first that needs it keeps nobody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import FilePayload, Page, Route, expect

from tests.e2e.verbs import new_room

Visit = Callable[..., Awaitable[Page]]


async def test_files_are_chosen_while_what_sends_them_is_on_its_way(visit: Visit) -> None:
    page, arrives = await visit("ada"), asyncio.Event()
    await new_room(page)

    async def waits(route: Route) -> None:
        await arrives.wait()
        await route.continue_()

    await page.route("**/js/files.js", waits)
    async with page.expect_file_chooser() as opened:
        await page.get_by_role("button", name="Attach files").click()
    await (await opened.value).set_files([FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"hello")])
    arrives.set()
    await expect(page.locator(".chosen .file-about")).to_have_text("TXT, 5 B")
