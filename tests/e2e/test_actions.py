"""What is done with one message: the toolbar, the menu and the keys; editing in place; deleting with undo."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import new_room, row, say
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]


def tool(message: Locator, name: str) -> Locator:
    return message.locator(f".tools [data-do={name}]")


async def point_at(message: Locator) -> None:
    await message.hover()
    await expect(message.locator(".tools")).to_be_visible()


async def open_menu(page: Page, message: Locator) -> Locator:
    await point_at(message)
    await message.locator("[popovertarget=message-menu]").click()
    menu = page.locator("#message-menu")
    await expect(menu).to_be_visible()
    return menu


async def say_by_thumb(page: Page, text: str) -> Locator:
    await page.fill("#message", text)
    await page.tap("#composer .send")
    await expect(row(page, text)).to_have_attribute("data-index", re.compile(r"\d+"))
    return row(page, text)


async def delete(page: Page, message: Locator) -> None:
    menu = await open_menu(page, message)
    await menu.locator("[data-do=delete]").click()
    await expect(message.locator("[data-undo]")).to_be_visible()


async def test_one_toolbar_follows_the_pointer(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    first, second = await say(ada, "one"), await say(ada, "two")
    await point_at(first)
    await point_at(second)
    await expect(ada.locator(".tools")).to_have_count(1)
    await ada.hover("#composer")
    await expect(ada.locator(".tools")).to_have_count(0)


async def test_the_toolbar_is_reached_by_keyboard_and_the_list_stays_one_stop(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "one")
    last = await say(ada, "two")
    await ada.focus("#timeline")
    await ada.keyboard.press("End")
    await expect(last).to_be_focused()
    await expect(last.locator(".tools")).to_be_visible()
    for _ in range(6):
        await ada.keyboard.press("Tab")
        if await tool(last, "edit").evaluate("button => button === document.activeElement"):
            break
    await expect(tool(last, "edit")).to_be_focused()
    assert await ada.locator("#timeline [tabindex='0']:not(.msg:has(:focus) *)").count() == 0


async def test_editing_in_place_reaches_everybody_and_says_so(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "teh first wording")
    heard = row(grace, "teh first wording")
    handle = await heard.element_handle()
    mine = row(ada, "teh first wording")
    await point_at(mine)
    await tool(mine, "edit").click()
    box = ada.locator(".editor textarea")
    await expect(box).to_be_focused()
    await expect(box).to_have_value("teh first wording")
    await box.fill("the second wording")
    await ada.keyboard.press("Enter")
    await expect(ada.locator(".editor")).to_have_count(0)
    for page in (ada, grace):
        await expect(row(page, "the second wording").locator(".edited")).to_be_visible()
    assert handle is not None
    assert "the second wording" in (await handle.inner_text())
    await expect(row(grace, "the second wording").locator(".edited")).to_have_attribute("title", re.compile(".+"))


async def test_the_up_key_edits_the_last_own_message_and_escape_gives_up(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "mine")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "hers")
    await expect(row(ada, "hers")).to_have_count(1)
    await ada.focus("#message")
    await ada.keyboard.press("ArrowUp")
    box = ada.locator(".editor textarea")
    await expect(box).to_have_value("mine")
    await box.fill("not to be kept")
    await ada.keyboard.press("Escape")
    await expect(ada.locator(".editor")).to_have_count(0)
    await expect(ada.locator("#message")).to_be_focused()
    await expect(row(ada, "mine")).to_be_visible()


async def test_the_up_key_moves_the_caret_where_something_is_written(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "mine")
    await ada.fill("#message", "two\nlines")
    await ada.keyboard.press("ArrowUp")
    await ada.keyboard.type("x")
    await expect(ada.locator("#message")).to_have_value("twox\nlines")
    await expect(ada.locator(".editor")).to_have_count(0)


async def test_words_of_an_edit_survive_a_reload(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "short")
    await ada.keyboard.press("ArrowUp")
    await ada.locator(".editor textarea").fill("a long new wording")
    await ada.reload()
    await expect(ada.locator("#message")).to_be_focused()
    await ada.keyboard.press("ArrowUp")
    await expect(ada.locator(".editor textarea")).to_have_value("a long new wording")


async def test_deleting_can_be_undone_and_nobody_noticed(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "said too much")
    message = row(ada, "said too much")
    handle = await message.element_handle()
    assert handle is not None
    await delete(ada, message)
    await expect(message.locator(".bd")).to_be_hidden()
    await message.locator("[data-undo]").click()
    await expect(message.locator(".bd")).to_be_visible()
    await say(ada, "and more")
    await expect(row(grace, "and more")).to_have_count(1)
    await expect(row(grace, "said too much")).to_have_count(1)
    await expect(grace.locator(".msg.deleted")).to_have_count(0)


async def test_what_is_deleted_leaves_a_tombstone_for_everybody_and_the_focus_goes_on(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.clock.install()
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    gone, after = await say(ada, "to be gone"), await say(ada, "to stay")
    await expect(row(grace, "to stay")).to_have_count(1)
    index = await gone.get_attribute("data-index")
    await delete(ada, gone)
    await expect(after).to_be_focused()
    await ada.clock.fast_forward(5_000)
    for page in (ada, grace):
        await expect(page.locator(f"#m{index}")).to_have_class(re.compile("deleted"))
        await expect(row(page, "to be gone")).to_have_count(0)
    await grace.reload()
    await expect(grace.locator(f"#m{index}")).to_contain_text("deleted")


async def test_leaving_the_page_deletes_at_once(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    gone = await say(ada, "to be gone")
    await expect(row(grace, "to be gone")).to_have_count(1)
    await delete(ada, gone)
    await ada.goto("/rooms")
    await expect(row(grace, "to be gone")).to_have_count(0)
    await expect(grace.locator(".msg.deleted")).to_have_count(1)


async def test_only_ones_own_is_edited_and_an_owner_may_delete_anothers(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "the owner's")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "the member's")
    menu = await open_menu(grace, row(grace, "the owner's"))
    await expect(tool(row(grace, "the owner's"), "edit")).to_be_hidden()
    await expect(menu.locator("[data-do=delete]")).to_be_hidden()
    await expect(menu.locator("[data-do=link]")).to_be_focused()
    menu = await open_menu(ada, row(ada, "the member's"))
    await expect(tool(row(ada, "the member's"), "edit")).to_be_hidden()
    await expect(menu.locator("[data-do=delete]")).to_be_visible()


async def test_a_copied_link_leads_to_the_message(visit: Visit, server: Server) -> None:
    ada = await visit("ada")
    await ada.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    await new_room(ada)
    message = await say(ada, "find me")
    menu = await open_menu(ada, message)
    await menu.locator("[data-do=link]").click()
    await expect(menu.locator("[data-do=link]")).to_contain_text("Copied")
    await ada.goto(str(await ada.evaluate("navigator.clipboard.readText()")))
    await expect(row(ada, "find me")).to_be_focused()


async def test_without_https_a_link_is_copied_all_the_same(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.context.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    slug = await new_room(ada)
    message = await say(ada, "find me by hand")
    menu = await open_menu(ada, message)
    await menu.locator("[data-do=link]").click()
    await expect(menu.locator("[data-do=link]")).to_contain_text("Copied")
    await expect(menu).to_be_hidden()
    await ada.focus("#message")
    await ada.keyboard.press("Control+V")
    await expect(ada.locator("#message")).to_have_value(re.compile(f"^http.*/rooms/{slug}/1$"))
    await expect(ada.locator("#completion")).to_be_attached()  # what a colon fetches is not cut off by the end


async def test_earlier_wordings_are_a_page_away_for_the_author_only(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "a first wording")
    await grace.keyboard.press("ArrowUp")
    await grace.locator(".editor textarea").fill("another wording")
    await grace.keyboard.press("Enter")
    await expect(row(grace, "another wording").locator(".edited")).to_be_visible()
    lin = await visit("lin", at=f"/rooms/{room}")
    await lin.click("form[action$='/join'] button")
    for person, is_offered in ((lin, False), (ada, True), (grace, True)):
        menu = await open_menu(person, row(person, "another wording"))
        await expect(menu.locator("[data-do=history]")).to_be_visible(visible=is_offered)
    await grace.locator("#message-menu [data-do=history]").click()
    await expect(grace.locator(".revision")).to_contain_text("a first wording")
    await has_no_fault(grace)


async def test_a_letter_after_a_click_is_for_the_message_box(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "click me")
    await message.locator(".bd").click()
    await ada.keyboard.type("every word")
    await expect(ada.locator("#message")).to_have_value("every word")
    await expect(ada.locator(".editor")).to_have_count(0)


async def test_keys_act_on_the_focused_row(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "by key")
    await ada.focus("#timeline")
    await ada.keyboard.press("End")
    await ada.keyboard.press("e")
    await expect(ada.locator(".editor textarea")).to_have_value("by key")
    await ada.keyboard.press("Escape")
    await expect(message).to_be_focused()
    await ada.keyboard.press("Delete")
    await expect(message.locator("[data-undo]")).to_be_visible()


async def test_without_scripts_a_message_is_edited_and_deleted_by_its_own_page(visit: Visit) -> None:
    ada = await visit("ada", java_script_enabled=False)
    await new_room(ada)
    await ada.fill("#message", "first wording")
    await ada.click("#composer .send")
    await row(ada, "first wording").hover()
    await row(ada, "first wording").locator(".act").click()
    await ada.click(".message-actions >> text=Edit")
    await ada.fill("textarea", "second wording")
    await ada.click("main form button")
    await expect(row(ada, "second wording").locator(".edited")).to_be_visible()
    await ada.click(".message-actions >> text=Delete")
    await expect(row(ada, "second wording")).to_have_count(0)
    await expect(ada.locator(".excerpt")).to_contain_text("second wording")
    await ada.click("main form button")
    await expect(ada.locator(".msg.deleted")).to_have_count(1)
