"""What is said of an edit that cannot be saved as it is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import comes_true, new_room, post_many, row, rows, say
from tests.support.house import until

Visit = Callable[..., Awaitable[Page]]


async def test_an_edit_that_leaves_nothing_says_why_it_is_not_saved(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "mine")
    await ada.keyboard.press("ArrowUp")
    await ada.locator(".editor textarea").fill(" ")
    await ada.keyboard.press("Enter")
    await expect(ada.locator(".editor .failure")).to_have_text("A message cannot be empty. Delete it instead.")


async def test_what_is_done_elsewhere_to_a_message_that_is_edited_is_told(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    mine = await say(ada, "mine")
    elsewhere = f"/api/v1/rooms/{room}/messages/{await mine.get_attribute('data-index')}"
    own = {"Origin": "/".join(ada.url.split("/")[:3])}
    await ada.keyboard.press("ArrowUp")
    box, told = ada.locator(".editor textarea"), ada.locator(".editor .failure")
    await box.fill("typed here")
    answer = await ada.context.request.patch(elsewhere, data={"content": "typed elsewhere"}, headers=own)
    assert answer.ok, await answer.text()
    await expect(told).to_have_text("Changed meanwhile: saving replaces that.")
    await expect(box).to_have_value("typed here")
    await ada.keyboard.press("Enter")
    await expect(row(ada, "typed here").locator(".edited")).to_be_visible()
    await expect(ada.locator(".editor")).to_have_count(0)
    await ada.keyboard.press("ArrowUp")
    await box.fill("typed for nothing")
    answer = await ada.context.request.delete(elsewhere, headers=own)
    assert answer.ok, await answer.text()
    for _ in range(2):
        await expect(told).to_have_text("This message was deleted meanwhile, so nothing can be saved.")
        await ada.keyboard.press("Enter")
    await expect(box).to_have_value("typed for nothing")


async def test_who_gives_an_edit_up_in_one_tab_may_go_on_with_it_in_another(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await say(ada, "mine")
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{room}")
    await expect(tab.locator("#message")).to_be_focused()
    await ada.keyboard.press("ArrowUp")
    await ada.locator(".editor textarea").fill("mine, changed")
    await tab.keyboard.press("ArrowUp")
    await expect(tab.locator(".editor textarea")).to_have_value("mine, changed")
    await tab.keyboard.press("Escape")
    await comes_true(ada, f"localStorage.getItem('draft:ada:{room}/1') === 'mine, changed'")
    await ada.reload()
    await expect(ada.locator(".unsaved")).to_be_visible()


async def test_what_is_typed_before_the_words_have_come_goes_into_them(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "mine")
    pressed = asyncio.Event()

    async def late(route: Route) -> None:
        await pressed.wait()
        await route.continue_()

    await ada.route("**/api/v1/rooms/*/messages/1", late)
    await ada.keyboard.press("ArrowUp")
    await ada.keyboard.type(", all of it")
    await ada.keyboard.press("Enter")
    pressed.set()
    await expect(ada.locator(".editor textarea")).to_have_value("mine, all of it")
    await expect(ada.locator(".editor textarea")).to_be_focused()
    await expect(ada.locator("#message")).to_have_value("")
    await ada.keyboard.press("Enter")
    await expect(row(ada, "mine, all of it").locator(".edited")).to_be_visible()
    await expect(ada.locator(".msg")).to_have_count(1)


async def test_what_is_typed_while_an_edit_is_being_saved_is_not_lost(visit: Visit) -> None:
    routes: list[WebSocketRoute] = []
    held: list[str | bytes] = []
    is_late = True

    def slow(route: WebSocketRoute) -> None:
        routes.append(route)
        server = route.connect_to_server()
        server.on_message(lambda data: held.append(data) if is_late and "mine, more" in str(data) else route.send(data))

    ada = await visit("ada")
    await ada.route_web_socket(re.compile("/ws$"), slow)
    await new_room(ada)
    await say(ada, "mine")
    await ada.keyboard.press("ArrowUp")
    box = ada.locator(".editor textarea")
    await box.fill("mine, more")
    await box.press("Enter")
    await until(lambda: len(held) == 2)  # the news and the answer
    await ada.keyboard.type(", and yet more")
    is_late = False
    for data in held:
        routes[-1].send(data)
    await expect(rows(ada).first).to_have_attribute("data-version", "2")
    await expect(box).to_have_value("mine, more, and yet more")
    await expect(ada.locator(".editor .failure")).to_be_hidden()
    await box.press("Enter")
    await expect(box).to_have_count(0)
    await expect(row(ada, "mine, more, and yet more")).to_have_count(1)
    assert await ada.evaluate("Object.keys(localStorage).filter(key => key.startsWith('draft:'))") == []


async def test_a_message_that_cannot_be_fetched_to_be_edited_says_so(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    mine = await say(ada, "mine")
    await ada.route("**/api/v1/rooms/*/messages/1", lambda route: route.abort())
    await ada.keyboard.press("ArrowUp")
    await expect(mine.locator(".state")).to_have_text("There is no connection. Try again in a moment.")
    # What is typed then is a message of its own.
    await ada.keyboard.type("another")
    await ada.keyboard.press("Enter")
    await expect(row(ada, "another")).to_have_attribute("data-index", "2")


async def test_a_change_whose_message_goes_out_of_the_window_is_offered_where_it_comes_back(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await say(ada, "mine")
    await post_many(ada, 80)
    await ada.goto(f"/rooms/{room}/1")
    first = ada.locator("#m1")
    await first.focus()
    await ada.keyboard.press("e")
    await ada.locator(".editor textarea").fill("mine, changed")
    await ada.click("#pill")
    await expect(first).to_have_count(0)
    up = "document.getElementById('timeline').scrollTop = 0, Boolean(document.getElementById('m1'))"
    await comes_true(ada, up)
    await expect(first.locator(".unsaved")).to_contain_text("Change not saved.")
    await first.get_by_role("button", name="Go on").click()
    await expect(ada.locator(".editor textarea")).to_have_value("mine, changed")
    await expect(first.locator(".unsaved")).to_have_count(0)
    await ada.keyboard.press("Enter")
    await expect(first.locator(".bd")).to_have_text("mine, changed")
    await expect(first.locator(".unsaved")).to_have_count(0)


async def test_a_change_that_was_begun_before_a_reload_is_offered_until_it_is_saved_or_discarded(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    for text in ("one", "two"):
        await say(ada, text)
        await ada.keyboard.press("ArrowUp")
        await ada.locator(".editor textarea").fill(f"{text}, changed")
        await ada.reload()
    offers = ada.locator(".unsaved")
    await expect(offers).to_have_count(2)
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{room}")
    for ending in ("reload", "Enter"):
        await tab.locator("#m1").get_by_role("button", name="Go on").click()
        await tab.locator(".editor textarea").fill(f"one, changed until {ending}")
        await expect(ada.locator("#m1 .unsaved")).to_be_hidden()
        if ending == "reload":
            await tab.reload()
            await expect(ada.locator("#m1 .unsaved")).to_be_visible()
    await tab.locator(".editor textarea").press("Enter")
    await expect(ada.locator("#m1 .bd")).to_have_text("one, changed until Enter")
    await expect(offers).to_have_count(1)
    await has_no_fault(ada)
    await offers.get_by_role("button", name="Discard").click()
    for page in (ada, tab):
        await expect(page.locator(".unsaved")).to_have_count(0)
    await ada.focus("#message")
    await ada.keyboard.press("ArrowUp")
    await expect(ada.locator(".editor textarea")).to_have_value("two")


async def test_a_change_that_was_saved_while_the_page_was_left_is_not_offered(visit: Visit) -> None:
    saved = asyncio.Event()

    def deaf(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        server.on_message(lambda data: saved.set() if "mine, changed" in str(data) else route.send(data))

    ada = await visit("ada")
    await ada.route_web_socket(re.compile("/ws$"), deaf)
    room = await new_room(ada)
    await say(ada, "mine")
    await ada.keyboard.press("ArrowUp")
    await ada.locator(".editor textarea").fill("mine, changed")
    await ada.keyboard.press("Enter")
    await saved.wait()
    await ada.reload()
    await expect(row(ada, "mine, changed")).to_have_count(1)
    await comes_true(ada, f"localStorage.getItem('draft:ada:{room}/1') === null")
    await expect(ada.locator(".unsaved")).to_have_count(0)


async def test_no_change_is_offered_to_what_somebody_else_says(visit: Visit) -> None:
    """After a restore its number may be theirs."""
    grace, ada = await visit("grace"), await visit("ada")
    room = await new_room(ada, "grace")
    await grace.goto(f"/rooms/{room}")
    await say(grace, "of grace")
    mine = await say(ada, "mine")
    for index in (1, 2):
        await ada.evaluate(f"localStorage.setItem('draft:ada:{room}/{index}', 'mine, changed')")
    await ada.reload()
    await expect(mine.locator(".unsaved")).to_be_visible()
    await expect(ada.locator("#m1 .unsaved")).to_have_count(0)


async def test_a_change_that_was_given_up_elsewhere_is_not_offered_by_a_page_gone_back_to(visit: Visit) -> None:
    ada = await visit("ada")
    # A page that rests in the back/forward cache hears nothing.
    await ada.add_init_script("addEventListener('storage', event => event.stopImmediatePropagation())")
    room = await new_room(ada)
    await say(ada, "mine")
    await ada.keyboard.press("ArrowUp")
    await ada.locator(".editor textarea").fill("mine, changed")
    await ada.reload()
    await expect(ada.locator(".unsaved")).to_be_visible()
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{room}")
    await tab.get_by_role("button", name="Discard").click()
    await ada.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(ada.locator(".unsaved")).to_have_count(0)
