"""What is written and not sent is kept, the same in every tab, and marked in the list of rooms."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import Wire, comes_true, goes_back, hold, new_room, row, say

Visit = Callable[..., Awaitable[Page]]


def pencil(page: Page, room: str) -> Locator:
    return page.locator(f'#sidebar .room-link[data-room="{room}"] .draft')


async def test_a_pencil_marks_the_rooms_with_a_draft_in_every_tab(visit: Visit) -> None:
    ada = await visit("ada")
    one, other = await new_room(ada), await new_room(ada)
    await ada.goto(f"/rooms/{one}")
    await ada.fill("#message", "half a thought")
    await expect(pencil(ada, one)).to_have_count(0)
    await ada.goto(f"/rooms/{other}")
    await expect(pencil(ada, one)).to_be_visible()
    await expect(pencil(ada, one)).to_have_text("Draft")
    await expect(pencil(ada, other)).to_have_count(0)
    await has_no_fault(ada)
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{one}")
    await expect(tab.locator("#message")).to_have_value("half a thought")
    await tab.press("#message", "Enter")
    await expect(pencil(ada, one)).to_have_count(0)
    await tab.fill("#message", "another")
    await expect(pencil(ada, one)).to_be_visible()


async def test_a_page_that_was_left_knows_the_draft_when_somebody_goes_back_to_it(visit: Visit) -> None:
    ada = await visit("ada")
    one, other = await new_room(ada), await new_room(ada)
    await ada.goto(f"/rooms/{one}")
    await ada.goto(f"/rooms/{other}")
    await ada.fill("#message", "half a thought")
    await goes_back(ada)
    await ada.wait_for_url(f"**/rooms/{one}")
    await expect(pencil(ada, other)).to_be_visible()


async def test_what_is_typed_while_the_scripts_are_on_their_way_is_kept(visit: Visit) -> None:
    page = await visit("grace")
    room = await new_room(page)
    arrives = await hold(page, "**/js/composer.js")
    await page.goto(f"/rooms/{room}", wait_until="commit")
    await page.fill("#message", "quicker than the machine")
    arrives.set()
    await comes_true(page, f"localStorage.getItem('draft:grace:{room}') === 'quicker than the machine'")
    arrives.clear()
    await page.goto(f"/rooms/{room}", wait_until="commit")
    await page.fill("#message", "and quicker again")
    arrives.set()
    await expect(page.locator("#message")).to_have_value("quicker than the machine\nand quicker again")


async def test_a_room_has_one_draft_in_every_tab_and_what_was_sent_in_one_is_gone_in_all(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{room}")
    await ada.fill("#message", "half a thought")
    await expect(tab.locator("#message")).to_have_value("half a thought")
    await tab.type("#message", ", and the rest")
    await tab.press("#message", "Enter")
    await expect(ada.locator("#message")).to_have_value("")
    await expect(row(ada, "half a thought, and the rest")).to_have_count(1)
    await ada.reload()
    await expect(ada.locator("#message")).to_have_value("")


async def test_a_tab_does_not_take_away_what_is_written_in_another(visit: Visit) -> None:
    ada = await visit("ada")
    # In the same moment, before this tab has heard of the other.
    await ada.add_init_script("addEventListener('storage', event => event.stopImmediatePropagation())")
    room = await new_room(ada)
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{room}")
    await ada.fill("#message", "short")
    await tab.fill("#message", "a long thought")
    await ada.press("#message", "Enter")
    await expect(row(tab, "short")).to_have_count(1)
    await tab.reload()
    await expect(tab.locator("#message")).to_have_value("a long thought")


async def test_back_shows_what_was_written_last_and_not_what_was_there_then(visit: Visit) -> None:
    ada = await visit("ada")
    other, room = await new_room(ada), await new_room(ada)
    await ada.fill("#message", "hello")
    await ada.goto(f"/rooms/{other}")
    await ada.goto(f"/rooms/{room}")
    await say(ada, "hello")
    await ada.fill("#message", "written later")
    for at in (other, room):
        await goes_back(ada)
        await ada.wait_for_url(f"**/rooms/{at}")
    await expect(ada.locator("#message")).to_have_value("written later")
    assert await ada.evaluate(f"localStorage.getItem('draft:ada:{room}')") == "written later"


async def test_a_full_browser_asks_before_words_are_lost(visit: Visit) -> None:
    ada, wire = await visit("ada"), Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    may_leave = "dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    async with ada.expect_response("**/js/unkept.js"):
        await ada.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
        await ada.fill("#message", "second")
    await comes_true(ada, f"!{may_leave}")
    await ada.fill("#message", "")
    await comes_true(ada, may_leave)
    await wire.cut()
    await expect(ada.locator("#banner")).to_be_visible()
    await ada.fill("#message", "second")
    await ada.press("#message", "Enter")
    await expect(row(ada, "second")).to_have_class(re.compile("pending"))
    await expect(ada.locator("#message")).to_have_value("")
    await comes_true(ada, f"!{may_leave}")
    wire.is_cut = False
    await ada.click("#banner-try")
    await expect(row(ada, "second")).to_have_attribute("data-index", "2")
    await comes_true(ada, may_leave)


async def test_a_reply_that_was_sent_in_another_tab_is_none_any_more(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    original = await say(ada, "the original")
    await original.focus()
    await ada.keyboard.press("r")
    await ada.keyboard.type("answer")
    await expect(ada.locator("#replying")).to_be_visible()
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{room}")
    await expect(tab.locator("#replying")).to_be_visible()
    await tab.press("#message", "Enter")
    await expect(row(ada, "answer")).to_have_attribute("data-reply", "1")
    await expect(ada.locator("#replying")).to_be_hidden()


async def test_what_is_replied_to_in_one_tab_is_replied_to_in_all(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{room}")
    for text in ("the original", "another"):
        original = await say(ada, text)
        await original.focus()
        await ada.keyboard.press("r")
        await expect(tab.locator("#replying")).to_contain_text(f"Replying to Ada Okafor {text}")
        await ada.keyboard.press("Escape")
        await expect(tab.locator("#replying")).to_be_hidden()
    await original.focus()
    await ada.keyboard.press("r")
    await ada.keyboard.type("answer")
    await expect(tab.locator("#message")).to_have_value("answer")
    await expect(tab.locator("#replying")).to_be_visible()
    await tab.press("#message", "Enter")
    await expect(row(ada, "answer")).to_have_attribute("data-reply", "2")


# As the button of the browser does, and this key in some, unless the page has a use for it.
STOPS: Final = """addEventListener('keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && stop())"""


async def sets_off(page: Page, room: str) -> asyncio.Event:
    """To another room, which is on its way until this is set, or somebody gives it up."""
    await page.evaluate(STOPS)
    arrives = await hold(page, f"**/rooms/{room}")
    async with page.expect_request(f"**/rooms/{room}"):
        await page.locator(f'#sidebar [data-room="{room}"]').click(no_wait_after=True)
    return arrives


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "as in Safari"])
@pytest.mark.parametrize("is_given_up", [False, True], ids=["there", "given up"])
async def test_who_goes_to_another_room_and_types_on_means_that_one(
    visit: Visit, is_given_up: bool, is_told: bool
) -> None:
    ada = await visit("ada")
    if not is_told:
        await ada.context.add_init_script("Object.defineProperty(window, 'navigation', { value: undefined })")
    there = await new_room(ada)
    await ada.fill("#message", "begun there")
    here = await new_room(ada)
    await ada.fill("#message", "half a thought")
    answers = await sets_off(ada, there)
    await ada.keyboard.type(", typed on")
    await ada.keyboard.press("Enter")
    if is_given_up:
        await ada.keyboard.press("Escape")
    answers.set()
    if not is_given_up:
        await ada.wait_for_url(f"**/rooms/{there}")
        await expect(ada.locator("#message")).to_have_value("begun there, typed on")
        await ada.goto(f"/rooms/{here}")
    await expect(ada.locator("#message")).to_have_value("half a thought")
    assert await ada.evaluate(f"localStorage.getItem('draft:ada:{there}')") == "begun there, typed on"
    await ada.press("#message", "Enter")
    await expect(row(ada, "half a thought")).to_have_attribute("data-index", "1")


async def test_escape_before_anything_is_typed_gives_up_the_way_to_another_room(visit: Visit) -> None:
    """The page had a use for that key, and kept it from the browser."""
    ada = await visit("ada")
    there, here = await new_room(ada), await new_room(ada)
    answers = await sets_off(ada, there)
    await ada.keyboard.press("Escape")
    await ada.keyboard.type("hello")
    assert await ada.evaluate(f"localStorage.getItem('draft:ada:{here}')") == "hello"
    answers.set()
    await expect(ada.locator("#message")).to_have_value("hello")
    await ada.press("#message", "Enter")
    await expect(row(ada, "hello")).to_have_attribute("data-index", "1")


async def test_what_is_typed_on_from_an_editor_is_no_change_to_its_message(visit: Visit) -> None:
    ada = await visit("ada")
    there, here = await new_room(ada), await new_room(ada)
    await say(ada, "mine")
    await ada.keyboard.press("ArrowUp")
    await ada.locator(".editor textarea").press_sequentially(", changed")
    answers = await hold(ada, f"**/rooms/{there}")
    async with ada.expect_request(f"**/rooms/{there}"):
        await ada.locator(f'#sidebar [data-room="{there}"]').evaluate("link => void link.click()")
    await ada.keyboard.type("hello")
    await ada.keyboard.press("Enter")
    answers.set()
    await ada.wait_for_url(f"**/rooms/{there}")
    await expect(ada.locator("#message")).to_have_value("hello")
    await ada.goto(f"/rooms/{here}")
    await expect(row(ada, "mine").locator(".bd")).to_have_text("mine")
    await row(ada, "mine").get_by_role("button", name="Go on").click()
    await expect(ada.locator(".editor textarea")).to_have_value("mine, changed")


async def test_those_who_are_left_do_not_see_that_one_types_for_another_room(visit: Visit) -> None:
    ada = await visit("ada")
    sent: list[str] = []
    ada.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    there = await new_room(ada)
    await new_room(ada)
    answers = await hold(ada, f"**/rooms/{there}")
    async with ada.expect_request(f"**/rooms/{there}"):
        await ada.locator(f'#sidebar [data-room="{there}"]').click(no_wait_after=True)
    await ada.keyboard.type("hello")
    answers.set()
    await ada.wait_for_url(f"**/rooms/{there}")
    assert [frame for frame in sent if '"typing"' in frame] == []
