"""Reactions and pins in a browser: seen at once by everybody, given by pointer, keyboard and from the picker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.verbs import Wire, new_room, post_many, row, say, sends, top_of
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]


def chip(message: Locator, emoji: str) -> Locator:
    return message.locator(f'.rx button[value="{emoji}"]')


async def open_quick(message: Locator) -> Locator:
    await message.hover()
    await message.locator("[popovertarget=quick-menu]").click()
    quick = message.page.locator("#quick-menu")
    await expect(quick).to_be_visible()
    return quick


async def test_an_open_menu_leaves_its_message_as_it_was(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    message = await say(page, "hello")
    before = await message.bounding_box()
    await open_quick(message)
    assert await message.bounding_box() == before


async def react(message: Locator, emoji: str = "👍") -> None:
    await (await open_quick(message)).locator(f'[data-emoji="{emoji}"]').click()
    await expect(chip(message, emoji)).to_have_attribute("aria-pressed", "true")


async def open_picker(message: Locator) -> Locator:
    await (await open_quick(message)).locator("[data-do=pick]").click()
    picker = message.page.locator("#picker")
    await expect(picker).to_be_visible()
    await expect(picker.locator("input")).to_be_focused()
    return picker


async def test_everybody_sees_at_once_who_gave_what(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    mine = await say(ada, "hello")
    hers = row(grace, "hello")
    await react(hers)
    shown = chip(mine, "👍")
    await expect(shown).to_have_text("👍 1")
    await expect(shown).to_have_attribute("aria-pressed", "false")
    await expect(shown).to_have_attribute("aria-label", "thumbs up, 1: Grace Lin")
    await shown.click()
    for each, other in ((shown, "Grace Lin"), (chip(hers, "👍"), "Ada Okafor")):
        await expect(each).to_have_text("👍 2")
        await expect(each).to_have_attribute("aria-pressed", "true")
        await expect(each).to_have_attribute("title", "Grace Lin, Ada Okafor")
        await expect(each).to_have_attribute("aria-label", f"thumbs up, 2: you, {other}")
    # A page from the server says the same.
    await grace.reload()
    await expect(chip(hers, "👍")).to_have_attribute("aria-label", "thumbs up, 2: you, Ada Okafor")
    await expect(chip(hers, "👍")).to_have_attribute("title", "Grace Lin, Ada Okafor")
    await shown.click()
    await expect(shown).to_have_attribute("aria-pressed", "false")
    await chip(hers, "👍").click()
    for message in (mine, hers):
        await expect(message.locator(".rx")).to_have_count(0)


async def test_a_chip_that_came_with_the_page_works_as_one_drawn_here(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    message = await say(ada, "hello")
    await react(message, "🎉")
    await ada.reload()
    grace = await visit("grace", at=f"/rooms/{room}")
    for page in (ada, grace):
        await expect(row(page, "hello").locator("form.rx")).to_have_count(1)
    await chip(row(grace, "hello"), "🎉").click()
    await expect(chip(row(ada, "hello"), "🎉")).to_have_text("🎉 2")
    await chip(row(ada, "hello"), "🎉").click()
    await expect(chip(row(grace, "hello"), "🎉")).to_have_attribute("title", "Grace Lin")
    assert "/reactions" not in grace.url + ada.url


async def test_by_keyboard_and_the_focus_stays(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "hello")
    await ada.focus("#timeline")
    await ada.keyboard.press("End")
    tool = message.locator("[popovertarget=quick-menu]")
    await expect(tool).to_be_visible()
    await tool.focus()
    await ada.keyboard.press("Enter")
    quick = ada.locator("#quick-menu button")
    await expect(quick.first).to_be_focused()
    await ada.keyboard.press("ArrowLeft")
    await expect(quick.last).to_be_focused()
    await ada.keyboard.press("ArrowRight")
    await ada.keyboard.press("ArrowRight")
    await expect(quick.nth(1)).to_be_focused()
    await ada.keyboard.press("Enter")
    given = chip(message, "❤️")
    await expect(given).to_be_visible()
    await expect(tool).to_be_focused()
    await given.focus()
    await ada.keyboard.press("Enter")
    # The last of its kind is gone, and the focus is with its message.
    await expect(message.locator(".rx")).to_have_count(0)
    await expect(message).to_be_focused()


async def test_the_picker_is_fetched_when_it_is_wanted_and_finds_by_name(visit: Visit) -> None:
    ada = await visit("ada")
    fetched: list[str] = []
    ada.on("request", lambda request: fetched.append(request.url))
    await new_room(ada)
    message = await say(ada, "hello")
    assert not [url for url in fetched if "emoji" in url]
    picker = await open_picker(message)
    await ada.keyboard.type("tada")
    await expect(picker.locator("[role=option]").first).to_have_text("🎉")
    await expect(picker.locator("[aria-selected=true]")).to_have_text("🎉")
    await ada.keyboard.press("Enter")
    await expect(chip(message, "🎉")).to_have_attribute("aria-label", "party popper, 1: you")
    await expect(ada.locator("#picker")).to_be_hidden()
    assert await message.evaluate("row => row.contains(document.activeElement)")
    picker = await open_picker(message)
    await expect(picker.locator("input")).to_have_value("")
    # What was used last stands first.
    await expect(picker.locator("[role=option]").first).to_have_text("🎉")
    await ada.keyboard.press("ArrowDown")
    chosen = picker.locator("[aria-selected=true]")
    await expect(chosen).to_have_text("😀")
    for key, emoji in (("ArrowRight", "😃"), ("ArrowDown", "🙃"), ("ArrowLeft", "🙂"), ("ArrowUp", "😀")):
        await ada.keyboard.press(key)
        await expect(chosen).to_have_text(emoji)
        described = await picker.locator("input").get_attribute("aria-activedescendant")
        assert await chosen.get_attribute("id") == described
    await ada.keyboard.press("Escape")
    await expect(ada.locator("#picker")).to_be_hidden()
    assert await message.evaluate("row => row.contains(document.activeElement)")
    await expect(message.locator(".rx button")).to_have_count(1)


async def test_nothing_that_is_read_moves_when_somebody_reacts(visit: Visit, server: Server) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await post_many(ada, 60)
    await expect(row(grace, "line 60.")).to_have_count(1)
    await row(grace, "line 40.").evaluate("row => row.scrollIntoView({block: 'center'})")
    before = await top_of(grace, "line 40.")
    await row(ada, "line 5.").scroll_into_view_if_needed()
    await react(row(ada, "line 5."))
    await expect(chip(row(grace, "line 5."), "👍")).to_have_count(1)
    assert abs(await top_of(grace, "line 40.") - before) <= 1
    # Who reads at the end stays there.
    await grace.evaluate("document.getElementById('timeline').scrollTop = 1e6")
    await row(ada, "line 60.").scroll_into_view_if_needed()
    await react(row(ada, "line 60."))
    shown = chip(row(grace, "line 60."), "👍")
    await expect(shown).to_have_count(1)
    await expect(shown).to_be_in_viewport(ratio=1)


async def test_what_was_missed_is_there_when_the_connection_is_back(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "hello")
    grace = await visit("grace")
    wire = Wire()
    await wire.hold(grace)
    await grace.goto(f"/rooms/{room}")
    await expect(row(grace, "hello")).to_have_count(1)
    await wire.cut()
    await expect(grace.locator("#banner")).to_be_visible()
    await react(row(ada, "hello"))
    wire.is_cut = False
    await expect(chip(row(grace, "hello"), "👍")).to_have_text("👍 1")


async def test_a_reaction_is_nothing_unread(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at="/rooms/general")
    count = grace.locator(f'.room-link[data-room="{room}"]').locator(".count, .badge").first
    await say(ada, "hello")
    await expect(count).to_contain_text("1")
    await react(row(ada, "hello"))
    await say(ada, "and a post")
    await expect(count).to_contain_text("2")


async def test_a_pin_is_marked_for_everybody_and_listed(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    message = await say(ada, "read this first")
    for name, is_pinned in (("pin", True), ("unpin", False), ("pin", True)):
        await message.hover()
        await message.locator("[popovertarget=message-menu]").click()
        await ada.locator(f"#message-menu [data-do={name}]").click()
        await expect(row(grace, "read this first").locator(".pinned")).to_be_visible(visible=is_pinned)
    await grace.click(f'.roomhead a[href="/rooms/{room}/pins"]')
    await expect(row_of_pins(grace)).to_have_count(1)
    await expect(row_of_pins(grace)).to_contain_text("read this first")
    await grace.locator(".pins .message-actions button").click()
    await expect(row_of_pins(grace)).to_have_count(0)
    await expect(message.locator(".pinned")).to_be_hidden()


def row_of_pins(page: Page) -> Locator:
    return page.locator(".pins > li")


async def test_without_scripts_chips_are_buttons(visit: Visit) -> None:
    page = await visit("ada", java_script_enabled=False)
    room = await new_room(page)
    await page.fill("#message", "hello")
    await sends(page, "#composer .send")
    await page.goto(f"/rooms/{room}/1")
    await page.locator(".message-actions button[value='👍']").click()
    await chip(row(page, "hello"), "👍").click()
    await expect(page.locator(".rx")).to_have_count(0)
    await page.get_by_role("button", name="Pin to the room").click()
    await expect(row(page, "hello").locator(".pinned")).to_be_visible()
    await page.goto(f"/rooms/{room}/pins")
    await expect(row_of_pins(page)).to_contain_text("hello")


@WIDTHS
async def test_every_state_is_accessible(visit: Visit, viewport: dict[str, int]) -> None:
    page = await visit("ada", viewport=viewport)
    room = await new_room(page, "grace")
    await has_no_fault(await at(page, f"/rooms/{room}/pins"))
    await page.goto(f"/rooms/{room}")
    message = await say(page, "hello")
    for emoji in ("👍", "❤️", "😂", "🎉", "👀", "✅", "🙏"):
        await react(message, emoji)
    await has_no_fault(page)
    await open_quick(message)
    await has_no_fault(page)
    await page.locator("#quick-menu [data-do=pick]").click()
    await expect(page.locator("#picker")).to_be_visible()
    await has_no_fault(page)
    await page.keyboard.type("no such emoji")
    await expect(page.locator(".picker-none")).to_be_visible()
    await has_no_fault(page)
    await page.keyboard.press("Escape")
    await message.hover()
    await message.locator("[popovertarget=message-menu]").click()
    await page.locator("#message-menu [data-do=pin]").click()
    await expect(message.locator(".pinned")).to_be_visible()
    await has_no_fault(page)
    await has_no_fault(await at(page, f"/rooms/{room}/pins"))


async def at(page: Page, path: str) -> Any:
    await page.goto(path)
    return page
