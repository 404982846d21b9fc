"""The dialog behind Ctrl+K finds also whom one has not written to yet, and rooms one is not in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Page, expect

from tests.e2e.test_bad_lines import hasten
from tests.e2e.verbs import hold, new_room, submit
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]
OPTION = "#switcher [role=option]"


async def test_somebody_one_has_not_written_to_is_found_and_written_to(tmp_path: Path, visit: Visit) -> None:
    own = Server(tmp_path / "data", LIMITS="off")
    await own.add_person("ada", display_name="Ada Okafor", is_admin=True)
    await own.add_person("lin", display_name="林晓")
    await own.start()
    try:
        ada = await visit("ada", to=own, at="/rooms/general")
        await ada.keyboard.press("Control+k")
        await ada.keyboard.type("林")
        await expect(ada.locator(OPTION)).to_have_text(["林晓@lin", re.compile("Search messages")])
        await ada.keyboard.press("Enter")
        await ada.wait_for_url(re.compile("/rooms/dm-"))
        await expect(ada.locator(".roomhead h1")).to_contain_text("林晓")
        await ada.keyboard.press("Control+k")
        await ada.keyboard.type("林")
        await expect(ada.locator(OPTION)).to_have_text(["林晓direct message", re.compile("Search messages")])
    finally:
        await own.kill()


async def test_enter_right_after_a_name_waits_for_the_person(visit: Visit) -> None:
    """The page knows nobody of that name; who is asked for comes from the server."""
    page = await visit("grace", at="/rooms")
    await page.keyboard.press("Control+k")
    await expect(page.locator(OPTION).first).to_be_visible()
    await page.evaluate("document.querySelectorAll('#sidebar [data-kind=direct]').forEach(link => link.remove())")
    await page.keyboard.insert_text("Okafor")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/rooms/dm-|/search"))
    assert "/rooms/dm-" in page.url


async def test_an_open_room_one_is_not_in_is_found_and_shown(visit: Visit) -> None:
    """Also where the line keeps what was asked about people."""
    ada, grace = await visit("ada"), await visit("grace")
    await hasten(grace, answer="300")
    arrives = await hold(grace, "**/candidates?*")
    await grace.goto("/rooms/general")
    slug = await new_room(ada)
    name = slug.replace("-", " ")
    await grace.keyboard.press("Control+k")
    await grace.keyboard.type(name)
    found = grace.locator(OPTION, has=grace.locator("bdi", has_text=re.compile(f"^{name}$")))
    await expect(found).to_have_text([f"{name}open room"])
    await found.click()
    await grace.wait_for_url(re.compile(f"/rooms/{slug}$"))
    await expect(grace.locator(".joinbar")).to_be_visible()
    arrives.set()
    tab = await grace.context.new_page()
    await tab.goto(f"/rooms/{slug}")
    await tab.click(".joinbar button")
    await expect(grace.locator("#message")).to_be_visible()
    await submit(grace.context, f"/rooms/{slug}/join", at=f"/rooms/{slug}")


async def test_a_closed_room_of_others_is_not_found(visit: Visit) -> None:
    ada, grace = await visit("ada"), await visit("grace", at="/rooms/general")
    await new_room(ada, kind="closed")
    name = await ada.locator(".roomhead h1 .n").inner_text()
    await grace.keyboard.press("Control+k")
    async with grace.expect_response(re.compile("/api/v1/rooms$")):
        await grace.keyboard.type(name)
    await expect(grace.locator(OPTION)).to_have_text([f"Search messages for “{name}”"])


async def test_the_name_of_a_member_leads_to_where_one_writes_to_them(visit: Visit) -> None:
    page = await visit("ada", at="/rooms/general")
    await page.click(".members a:has-text('Grace Lin')")
    await page.wait_for_url(re.compile("/people/grace$"))
    await expect(page.locator("#main .person")).to_contain_text("@grace")
    await page.click("#main button:has-text('Write')")
    await page.wait_for_url(re.compile("/rooms/dm-"))
