"""Emoji to choose from: what is typed finds one, or is a message; one is given, or goes into what is written."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.test_reactions import chip, open_picker, open_quick
from tests.e2e.verbs import hold, new_room, row, say

Visit = Callable[..., Awaitable[Page]]


async def test_the_picker_is_there_before_its_emoji_and_keeps_what_is_typed(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "hello")
    quick = await open_quick(message)
    arrives = await hold(ada, f"**{await quick.get_attribute('data-all')}")
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


def button(page: Page) -> Locator:
    return page.locator("#composer .smile")


async def test_an_emoji_is_put_where_the_caret_is_and_can_be_undone(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    box = ada.locator("#message")
    await box.fill("well done, all")
    await box.evaluate("(box) => box.setSelectionRange(9, 9)")
    await button(ada).click()
    await expect(ada.locator("#picker input")).to_be_focused()
    await ada.locator("#picker [role=option][title='party popper']").click()
    await expect(box).to_have_value("well done🎉, all")
    await expect(box).to_be_focused()
    await ada.keyboard.press("Control+z")
    await expect(box).to_have_value("well done, all")
    await ada.keyboard.type("!")
    await expect(box).to_have_value("well done!, all")


async def test_the_emoji_button_by_keyboard(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    box = ada.locator("#message")
    await box.fill("hello ")
    await ada.keyboard.press("Tab")
    await expect(button(ada)).to_be_focused()
    for key, value in (("Escape", "hello "), ("Enter", "hello 🎉")):
        await button(ada).focus()
        await ada.keyboard.press("Enter")
        await expect(ada.locator("#picker input")).to_be_focused()
        await ada.keyboard.type("tada")
        await expect(ada.locator("#picker [aria-selected=true]")).to_have_text("🎉")
        await ada.keyboard.press(key)
        await expect(box).to_be_focused()
        await expect(box).to_have_value(value)
    # There is one picker, also after a message has had it.
    picker = await open_picker(await say(ada, "hello"))
    await expect(picker.locator("[role=option]").first).to_have_text("🎉")


async def test_an_emoji_comes_into_a_message_that_is_written_anew(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "hello")
    await ada.focus("#message")
    await ada.keyboard.press("ArrowUp")
    box = ada.locator(".editor textarea")
    await expect(box).to_be_focused()
    await ada.locator(".editor .smile").click()
    await expect(ada.locator("#picker input")).to_be_focused()
    await has_no_fault(ada)
    await ada.keyboard.type("tada")
    await expect(ada.locator("#picker [aria-selected=true]")).to_have_text("🎉")
    await ada.keyboard.press("Enter")
    await expect(box).to_have_value("hello🎉")
    await expect(box).to_be_focused()
    await has_no_fault(ada)
    await ada.keyboard.press("Enter")
    await expect(row(ada, "hello🎉")).to_have_count(1)
    await expect(ada.locator("#message")).to_have_value("")


@WIDTHS
async def test_the_emoji_button_by_touch(visit: Visit, viewport: dict[str, int], screens: Any) -> None:
    ada = await visit("ada", has_touch=True, viewport=viewport)
    await new_room(ada)
    box = ada.locator("#message")
    await button(ada).tap()
    await expect(ada.locator("#picker [role=option]").first).to_be_visible()
    await ada.screenshot(path=screens / f"picker-{viewport['width']}.png")
    await has_no_fault(ada)
    await ada.locator("#picker [role=option]").first.tap()
    await expect(box).to_have_value("😀")
    await expect(box).to_be_focused()
    await ada.screenshot(path=screens / f"composer-{viewport['width']}.png")
    await has_no_fault(ada)


async def test_an_impatient_hand_gets_one_emoji(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    arrives = await hold(ada, "**/js/picker.js")
    async with ada.expect_request("**/js/picker.js"):
        await button(ada).dblclick()
    arrives.set()
    await ada.locator("#picker [role=option]").first.click()
    await expect(ada.locator("#message")).to_be_focused()
    await ada.keyboard.type("!")
    await expect(ada.locator("#message")).to_have_value("😀!")


async def test_nothing_is_looked_for_while_composing(visit: Visit) -> None:
    ada = await visit("ada", locale="zh-CN")
    await new_room(ada)
    await button(ada).click()
    shown = ada.locator("#picker [role=option]")
    await expect(shown.nth(20)).to_be_visible()
    session = await ada.context.new_cdp_session(ada)
    await session.send("Input.imeSetComposition", {"text": "pai'dui", "selectionStart": 7, "selectionEnd": 7})
    await expect(ada.locator("#picker input")).to_have_value("pai'dui")
    await expect(shown.nth(20)).to_be_visible()
    await session.send("Input.insertText", {"text": "派对"})
    await expect(shown.filter(has_text="🎉")).to_be_visible()
    await expect(shown.nth(20)).to_be_hidden()


async def test_without_scripts_there_is_no_emoji_button(visit: Visit) -> None:
    page = await visit("ada", java_script_enabled=False)
    await new_room(page)
    await expect(page.locator("#message")).to_be_visible()
    await expect(button(page)).to_be_hidden()


async def test_the_picker_speaks_chinese_and_understands_english(visit: Visit, screens: Any) -> None:
    ada = await visit("ada", locale="zh-CN")
    await new_room(ada, "grace")
    message = await say(ada, "hello")
    picker = await open_picker(message)
    await expect(picker.locator(".picker-title").filter(has_text="食物与饮料")).to_have_count(1)
    await ada.screenshot(path=screens / "picker-chinese.png")
    await has_no_fault(ada)
    for typed in ("拉炮", "庆祝", "party popper", "tada"):
        await picker.locator("input").fill(typed)
        await expect(picker.locator("[role=option]").filter(has_text="🎉")).to_have_attribute("title", "拉炮彩带")
    await ada.keyboard.press("Enter")
    await expect(chip(message, "🎉")).to_have_attribute("aria-label", re.compile("^拉炮彩带"))
    await ada.reload()
    await expect(chip(row(ada, "hello"), "🎉")).to_have_attribute("aria-label", re.compile("^拉炮彩带"))


async def test_styles_that_did_not_come_are_fetched_again(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.route("**/js/picker.css", lambda route: route.abort())
    await button(ada).click()
    await expect(ada.locator("#picker")).to_be_visible()
    await ada.unroute_all()
    await expect(ada.locator(".picker-grid").first).to_have_css("display", "grid")
