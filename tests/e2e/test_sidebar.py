"""The list of rooms on wide screens: where it stands, and how it names keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.e2e.verbs import new_room, submit

Visit = Callable[..., Awaitable[Page]]
APPLE = "Object.defineProperty(navigator, 'platform', { get: () => 'MacIntel' })"


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_the_open_room_is_in_sight_among_many(visit: Visit, has_scripts: bool) -> None:
    page = await visit("ada", viewport={"width": 1280, "height": 420}, java_script_enabled=has_scripts)
    for _ in range(8):
        await new_room(page)
    await page.goto("/rooms/general")
    links = page.locator("#sidebar ul").first.locator(".room-link")
    first, last = links.first, links.last
    await expect(last).not_to_be_in_viewport()
    await page.goto(str(await last.get_attribute("href")))
    await expect(page.locator("#sidebar [aria-current]")).to_be_in_viewport()
    await expect(first).not_to_be_in_viewport()
    # One that is in sight anyway moves nothing.
    await page.goto(str(await links.nth(1).get_attribute("href")))
    await expect(page.locator("#sidebar [aria-current]")).to_be_in_viewport()
    assert await page.locator(".rooms").evaluate("rooms => rooms.scrollTop") == 0


async def test_keys_have_the_names_of_the_machine(visit: Visit) -> None:
    page = await visit("ada", user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)")
    await page.context.add_init_script(APPLE)
    await page.goto("/settings/appearance")
    await expect(page.locator("#jump kbd")).to_have_text("⌘ K")
    await expect(page.locator("#keyboard")).to_contain_text("⌘Enter always sends")
    await page.uncheck("[data-part=enter]")
    await page.goto("/rooms/general")
    await expect(page.locator("#composer .keys")).to_have_text("⌘Enter to send, Enter for a new line")


async def test_a_room_that_is_renamed_is_called_so_everywhere_and_keeps_the_focus(visit: Visit) -> None:
    ada = await visit("ada")
    slug = await new_room(ada)
    await ada.focus(".roomhead a[href$='/pins']")
    fields = {"name": "Ärger", "topic": "What went wrong"}
    await submit(ada.context, f"/rooms/{slug}/settings", at=f"/rooms/{slug}/settings", **fields)
    await expect(ada.locator("#message")).to_have_attribute("placeholder", "Message #Ärger")
    await expect(ada.locator("#message")).to_have_attribute("aria-label", "Message #Ärger")
    await expect(ada.locator("#timeline")).to_have_attribute("aria-label", "Messages in Ärger")
    await expect(ada.locator("#empty")).to_contain_text("What went wrong")
    await expect(ada.locator("#empty h2")).to_have_text("This is the start of #Ärger")
    await expect(ada.locator("#beginning")).to_have_text("This is the beginning of #Ärger.")
    await expect(ada.locator("#dropping")).to_have_text("Drop files to send them to Ärger")
    await expect(ada.locator(".roomhead a[href$='/pins']")).to_be_focused()
