"""Keys that are fetched when they are pressed, what of them can be turned off, and where the focus goes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.test_actions import open_menu, point_at
from tests.e2e.test_completion import options, types
from tests.e2e.verbs import comes_true, distance_to_end, new_room, post_many, row, say
from tests.support.browser import NARROW

Visit = Callable[..., Awaitable[Page]]

BOX: Final = "#message"
REGION: Final = """() => ["#sidebar", ".roomhead", "#timeline", "#composer", ".members"]
  .find((name) => document.activeElement.closest(name)) ?? ''"""


async def region(page: Page, key: str, name: str) -> None:
    await page.keyboard.press(key)
    await comes_true(page, f"({REGION})() === '{name}'")


async def turn_off(page: Page, *parts: str) -> None:
    await page.goto("/settings/appearance")
    for part in parts:
        await page.uncheck(f"#keyboard [data-part={part}]")


async def test_a_key_opens_the_choice_of_files(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await expect(ada.locator(BOX)).to_be_focused()
    async with ada.expect_file_chooser() as chosen:
        await ada.keyboard.press("Control+Shift+U")
    assert (await chosen.value).is_multiple()


async def test_the_box_scrolls_the_messages_by_pages_and_keeps_the_focus(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await post_many(ada, 60)
    await ada.goto(f"/rooms/{room}")
    await expect(ada.locator(BOX)).to_be_focused()
    await ada.keyboard.press("End")
    height = await ada.evaluate("document.getElementById('timeline').clientHeight")
    await ada.keyboard.press("PageUp")
    await comes_true(ada, f"{DISTANCE} > {height / 2}")
    await ada.keyboard.press("PageDown")
    await comes_true(ada, f"{DISTANCE} < 2")
    await expect(ada.locator(BOX)).to_be_focused()


DISTANCE: Final = "(t => t.scrollHeight - t.scrollTop - t.clientHeight)(document.getElementById('timeline'))"


async def comes_back(visit: Visit, *, missed: int) -> Page:
    """To a room in which one message was read, and so many were said since."""
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "known")
    grace = await visit("grace", at=f"/rooms/{room}")
    await expect(grace.locator(f".room-link[data-room={room}]")).to_have_attribute("data-read", "1")
    await grace.goto("/rooms")
    await post_many(ada, missed)
    await grace.goto(f"/rooms/{room}")
    await expect(grace.locator(BOX)).to_be_focused()
    # Until it is connected the page says when it last was, and brings nothing.
    await expect(grace.locator("#complete time")).to_be_hidden()
    return grace


async def test_a_key_goes_to_the_oldest_unread_message(visit: Visit) -> None:
    grace = await comes_back(visit, missed=30)
    await grace.locator("#timeline").evaluate("log => log.scrollTo(0, log.scrollHeight)")
    await grace.keyboard.press("Shift+PageUp")
    await expect(row(grace, "line 1.")).to_be_focused()
    await expect(row(grace, "line 1.")).to_be_in_viewport()


async def test_it_leads_to_a_page_of_its_own_where_that_is_older_than_what_is_shown(visit: Visit) -> None:
    grace = await comes_back(visit, missed=120)
    await grace.keyboard.press("Escape")
    await expect(row(grace, "line 120.")).to_be_in_viewport()
    await expect(row(grace, "line 1.")).to_have_count(0)
    await grace.keyboard.press("Shift+PageUp")
    await grace.wait_for_url(re.compile(r"/2$"))
    await expect(row(grace, "line 1.")).to_be_focused()


async def test_a_key_walks_through_the_parts_of_the_page(visit: Visit) -> None:
    ada = await visit("ada", at="/rooms/general")
    await expect(ada.locator(BOX)).to_be_focused()
    for name in (".members", "#sidebar", ".roomhead", "#timeline", "#composer"):
        await region(ada, "Control+F6", name)
    for name in ("#timeline", ".roomhead", "#sidebar", ".members"):
        await region(ada, "Control+Shift+F6", name)
    await ada.goto("/rooms")
    await ada.keyboard.press("Control+F6")
    await expect(ada.locator("#sidebar :focus")).to_have_count(1)


async def test_a_key_opens_the_reactions_of_the_focused_message(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "well done")
    await ada.focus("#timeline")
    await ada.keyboard.press("End")
    await expect(message).to_be_focused()
    await ada.keyboard.press("+")
    await expect(ada.locator("#quick-menu button").first).to_be_focused()
    await ada.keyboard.press("Enter")
    await expect(message.locator(".rx [aria-pressed=true]")).to_have_count(1)


async def test_single_keys_can_be_turned_off(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    room = ada.url
    await say(ada, "something")
    await turn_off(ada, "letters")
    await ada.goto(room)
    message = row(ada, "something")
    for key in ("r", "e", "c", "?", "+"):
        await ada.focus("#timeline")
        await ada.keyboard.press("End")
        await expect(message).to_be_focused()
        await ada.keyboard.press(key)
        await expect(ada.locator(BOX)).to_have_value(key)
        await ada.fill(BOX, "")
    await expect(ada.locator(".editor, #replying:not([hidden]), dialog[open], :popover-open")).to_have_count(0)
    await ada.keyboard.press("Control+/")
    await expect(ada.locator("#shortcuts dd").first).to_be_visible()
    await expect(ada.locator("#shortcuts")).not_to_contain_text("Reply to the message")
    await ada.goto("/settings/appearance")
    await expect(ada.locator("#keyboard [data-part=letters]")).not_to_be_checked()
    await ada.check("#keyboard [data-part=letters]")
    await ada.goto(room)
    await ada.focus("#timeline")
    await ada.keyboard.press("?")
    await expect(ada.locator("#shortcuts")).to_be_visible()


async def test_where_enter_does_not_send_ctrl_enter_does(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    room = ada.url
    await turn_off(ada, "enter")
    await ada.goto(room)
    await expect(ada.locator("#composer .keys")).to_have_text("Ctrl+Enter to send, Enter for a new line")
    await ada.keyboard.type("one")
    await ada.keyboard.press("Enter")
    await ada.keyboard.type("two")
    await expect(ada.locator(BOX)).to_have_value("one\ntwo")
    await ada.keyboard.press("Control+Enter")
    await expect(row(ada, "one")).to_have_attribute("data-index", "1")
    await ada.keyboard.press("ArrowUp")
    field = ada.locator(".editor textarea")
    await expect(field).to_be_focused()
    await ada.keyboard.press("Enter")
    await ada.keyboard.type("three")
    await expect(field).to_have_value("one\ntwo\nthree")
    await expect(ada.locator(".editor .keys")).to_have_text("Ctrl+Enter to save, Esc to cancel")
    await ada.keyboard.press("Control+Enter")
    await expect(row(ada, "three")).to_have_count(1)


async def test_enter_on_a_touch_screen_is_a_new_line(visit: Visit) -> None:
    ada = await visit("ada", has_touch=True, is_mobile=True, viewport=NARROW)
    await new_room(ada)
    await ada.tap(BOX)
    await expect(ada.locator(BOX)).to_have_attribute("enterkeyhint", "enter")
    await ada.keyboard.type("one")
    await ada.keyboard.press("Enter")
    await ada.keyboard.type("two")
    await expect(ada.locator(BOX)).to_have_value("one\ntwo")
    await ada.tap("#composer .send")
    await expect(row(ada, "two")).to_have_attribute("data-index", "1")


async def test_the_box_grows_to_two_fifths_of_the_screen_then_scrolls(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    low = await ada.locator(BOX).evaluate("box => box.offsetHeight")
    await ada.fill(BOX, "\n".join(map(str, range(5))))
    assert low < await ada.locator(BOX).evaluate("box => box.offsetHeight") < 320
    await ada.fill(BOX, "\n".join(map(str, range(60))))
    assert await ada.locator(BOX).evaluate("box => box.offsetHeight") == pytest.approx(320, abs=1)
    assert await ada.locator(BOX).evaluate("box => box.scrollHeight > box.clientHeight")


async def test_escape_ends_one_thing_at_a_time(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 60)
    await ada.goto(f"/rooms/{room}")
    await ada.focus("#timeline")
    await ada.keyboard.press("End")
    await ada.keyboard.press("r")
    await expect(ada.locator("#replying")).to_be_visible()
    await ada.locator("#timeline").evaluate("log => log.scrollTo(0, 0)")
    await expect(await types(ada, "@gra")).to_have_count(1)
    await ada.keyboard.press("Control+k")
    await expect(ada.locator("#switcher")).to_be_visible()
    await ada.keyboard.press("Escape")
    await expect(ada.locator("#switcher")).to_be_hidden()
    await expect(ada.locator("#replying")).to_be_visible()
    await ada.keyboard.press("Escape")
    await expect(options(ada)).to_have_count(0)
    await expect(ada.locator("#replying")).to_be_hidden()
    assert await distance_to_end(ada) > 100
    await expect(ada.locator(BOX)).to_have_value("@gra")
    await ada.fill(BOX, "")
    await ada.keyboard.press("Escape")
    await comes_true(ada, f"{DISTANCE} < 2")


async def test_escape_takes_the_toolbar_away_until_the_pointer_goes_elsewhere(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    first, second = await say(ada, "one"), await say(ada, "two")
    await point_at(first)
    await ada.keyboard.press("Escape")
    await expect(ada.locator(".tools")).to_have_count(0)
    await first.hover(position={"x": 60, "y": 5})
    await expect(ada.locator(".tools")).to_have_count(0)
    await point_at(second)
    await point_at(first)


async def test_the_focus_goes_where_one_goes_on(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "one")
    await expect(ada.locator(BOX)).to_be_focused()
    await say(ada, "two")
    await ada.click("#composer .send")
    await expect(ada.locator(BOX)).to_be_focused()
    menu = await open_menu(ada, message)
    opener = ada.locator("[popovertarget=message-menu]")
    await expect(menu.locator("[data-do=link]")).to_be_focused()
    await ada.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await ada.keyboard.press("Control+/")
    await expect(ada.locator("#shortcuts")).to_be_visible()
    await ada.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await message.focus()
    await ada.keyboard.press("Delete")
    await expect(row(ada, "two")).to_be_focused()
    await ada.keyboard.press("ArrowUp")
    await expect(message).to_be_focused()
    await expect(message).to_have_attribute("aria-label", re.compile(r"M$|\d$"))
    await ada.keyboard.press("Alt+ArrowUp")
    await ada.wait_for_url(re.compile(r"/rooms/(?!room-\d+$)|/rooms/room-\d+$"))
    await expect(ada.locator(BOX)).to_be_focused()


async def test_an_address_that_is_taken_is_said_at_its_field(visit: Visit) -> None:
    ada = await visit("ada", at="/rooms/new")
    await ada.fill("[name=name]", "General")
    await ada.press("[name=name]", "Enter")
    field = ada.locator("[name=slug]")
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(re.compile("There is a room with the address general already"))


@WIDTHS
async def test_the_settings_of_the_keyboard_have_no_fault(visit: Visit, viewport: dict[str, int]) -> None:
    page = await visit("ada", at="/settings/appearance", viewport=viewport)
    await expect(page.locator("#keyboard")).to_be_visible()
    await has_no_fault(page)
