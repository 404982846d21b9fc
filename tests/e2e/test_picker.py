"""What is typed while emoji are offered: it finds one, or is a message, and gives none unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, Route, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.test_reactions import chip, open_picker, open_quick
from tests.e2e.verbs import new_room, row, say

Visit = Callable[..., Awaitable[Page]]


async def test_the_picker_is_there_before_its_emoji_and_keeps_what_is_typed(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "hello")
    quick = await open_quick(message)
    arrives = asyncio.Event()

    async def slowly(route: Route) -> None:
        await arrives.wait()
        await route.continue_()

    await ada.route(f"**{await quick.get_attribute('data-all')}", slowly)
    await quick.locator("[data-do=pick]").click()
    await ada.keyboard.type("tada")
    await ada.keyboard.press("Enter")
    picker = ada.locator("#picker")
    await expect(picker.locator(".picker-list")).to_have_text("Loading…")
    await has_no_fault(ada)
    arrives.set()
    await expect(picker.locator("[aria-selected=true]")).to_have_text("🎉")
    await expect(picker.locator("input")).to_have_value("tada")
    await expect(ada.locator("#message")).to_have_value("")
    await expect(message.locator(".rx")).to_have_count(0)
    await ada.keyboard.press("Enter")
    await expect(chip(message, "🎉")).to_have_text("🎉 1")


async def test_emoji_that_do_not_arrive_are_asked_for_again(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "hello")
    address = f"**{await (await open_quick(message)).get_attribute('data-all')}"
    await ada.route(address, lambda route: route.abort())
    await ada.locator("#quick-menu [data-do=pick]").click()
    await expect(ada.locator(".picker-list")).to_have_text("There is no connection. Try again in a moment.")
    await ada.keyboard.press("Escape")
    await ada.unroute(address)
    picker = await open_picker(message)
    await expect(picker.locator("[aria-selected=true]")).to_have_count(1)


async def test_what_is_typed_under_the_quick_emoji_is_a_message(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "hello")
    quick = await open_quick(message)
    await ada.keyboard.type("react")
    await expect(quick).to_be_hidden()
    await expect(ada.locator("#message")).to_have_value("react")
    await ada.keyboard.press("Enter")
    await expect(row(ada, "react")).to_have_count(1)
    await expect(ada.locator("#message")).to_have_value("")
