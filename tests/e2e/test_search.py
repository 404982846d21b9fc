"""Looking for what was said, with and without scripts, and coming back to where it was said."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.e2e.verbs import new_room, row, say, sends
from tests.support.browser import NARROW

Visit = Callable[..., Awaitable[Page]]


@pytest.mark.parametrize("with_scripts", [True, False], ids=["with scripts", "without"])
async def test_a_word_inside_a_chinese_sentence_is_found_marked_and_shown_in_its_room(
    visit: Visit, with_scripts: bool
) -> None:
    page = await visit("ada", java_script_enabled=with_scripts)
    room = await new_room(page)
    await page.fill("#message", "数据库备份已经完成")
    await page.click("#composer .send")
    await expect(row(page, "数据库备份已经完成")).to_have_count(1)
    await page.click("#search-here")
    await expect(page.locator("[name=q]")).to_be_focused()
    await page.keyboard.insert_text("备份")
    await expect(page.locator("[name=q]")).to_have_value(f"备份 in:{room} ")
    await page.keyboard.press("Enter")
    await expect(page.locator(".hit mark")).to_have_text(["备份"])
    await page.click(".hit >> text=Show in room")
    await expect(page.locator(".msg.target")).to_contain_text("数据库备份已经完成")


async def test_no_hit_says_so_and_the_slow_way_finds_within_words(visit: Visit) -> None:
    page = await visit("ada", java_script_enabled=False)
    room = await new_room(page)
    await page.fill("#message", "Datensicherung fertig")
    await sends(page, "#composer .send")
    await page.goto(f"/search?q=sicherung+in:{room}")
    await expect(page.locator("main")).to_contain_text(f"Nothing was found for “sicherung in:{room}”")
    await page.click("text=Look within words too")
    await expect(page.locator(".hit mark")).to_have_text(["Datensicherung"])


async def test_a_search_begins_by_key_and_from_the_switcher(visit: Visit) -> None:
    page = await visit("ada")
    room = await new_room(page)
    await say(page, "the lazy dog")
    await page.keyboard.press("Control+Shift+F")
    await page.wait_for_url(re.compile(rf"/search\?q=\+in:{room}"))
    assert await page.evaluate("document.activeElement.name") == "q"
    await page.keyboard.press("Control+k")
    await page.keyboard.type("lazy dog")
    await expect(page.locator("#switcher [role=option]")).to_have_text(["Search messages for “lazy dog”"])
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/search\?q=lazy(%20|\+)dog"))
    await expect(page.locator(".hit mark").first).to_be_visible()


async def test_results_of_an_edited_message_are_those_of_its_new_words(visit: Visit) -> None:
    page = await visit("ada", java_script_enabled=False)
    room = await new_room(page)
    await page.fill("#message", "first wording")
    await sends(page, "#composer .send")
    await page.goto(f"/rooms/{room}/1/edit")
    await page.fill("main [name=content]", "second wording")
    await sends(page, "main form button:not([type=button])")
    await page.goto(f"/search?q=first+in:{room}")
    await expect(page.locator(".hit")).to_have_count(0)
    await page.goto(f"/search?q=second+in:{room}")
    await expect(page.locator(".hit")).to_have_count(1)


async def test_names_without_a_space_do_not_make_a_phone_scroll_sideways(visit: Visit) -> None:
    page = await visit("ada", viewport=NARROW)
    for name in ("W" * 64, "M" * 64):
        await new_room(page, name=name)
        await say(page, "quokka " + "q" * 300)
    await page.goto("/search?q=quokka")
    await expect(page.locator(".hit")).to_have_count(2)
    await expect(page.locator(".narrower .chip")).to_have_count(2)
    assert await page.locator("main").evaluate("main => main.scrollWidth - main.clientWidth") == 0
