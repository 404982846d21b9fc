"""A room that is quieter than the others, on every device at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import new_room, say

Visit = Callable[..., Awaitable[Page]]


async def test_a_level_set_on_one_device_holds_on_the_other_and_mentions_come_through(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    phone = await visit("grace", at="/rooms/general")
    laptop = await visit("grace", at=f"/rooms/{room}/settings")
    link = phone.locator(f'.room-link[data-room="{room}"]')
    await laptop.check('input[name="level"][value="mentions"]')
    await laptop.click("#level button")
    await expect(link).to_have_attribute("data-level", "mentions")
    await say(ada, "for nobody")
    await say(ada, "for @grace")
    await expect(link.locator(".named")).to_contain_text("1")
    await expect(link.locator(".count")).to_be_hidden()
    assert "unread" not in (await link.get_attribute("class") or "").split()


async def test_a_hidden_room_comes_back_with_a_mention_and_is_found_meanwhile(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}/settings")
    await grace.check('input[name="level"][value="hidden"]')
    await grace.click("#level button")
    await has_no_fault(grace)
    await grace.goto("/rooms/general")
    link = grace.locator(f'.room-link[data-room="{room}"]')
    await expect(link).to_be_hidden()
    await grace.keyboard.press("Control+k")
    await expect(grace.locator("#switcher-list")).to_contain_text(await link.locator(".n").text_content() or "?")
    await grace.keyboard.press("Escape")
    await say(ada, "for nobody")
    await say(ada, "for @grace")
    await expect(link).to_be_visible()
    await grace.goto("/rooms")
    await has_no_fault(grace)
