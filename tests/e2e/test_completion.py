"""Names that complete themselves in a browser: by keys, mouse and touch, while composing, in both boxes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from playwright.async_api import Locator, Page, Request, Route, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.verbs import comes_true, new_room, row, say, submit
from tests.support.browser import NARROW, WIDE

ROOMS: Final = itertools.count(1)

# What of an option does not fit.
CLIPPED: Final = """() => [...document.querySelectorAll("#completion bdi")]
  .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"""

Visit = Callable[..., Awaitable[Page]]


def options(page: Page) -> Locator:
    return page.locator("#completion [role=option]")


async def types(page: Page, text: str) -> Locator:
    # What is typed before the scripts are there is a text, and opens nothing.
    await comes_true(page, "document.getElementById('older').tabIndex === -1")
    await page.locator("#message").press_sequentially(text)
    return options(page)


async def test_a_person_is_chosen_by_keys_at_the_caret(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    box = page.locator("#message")
    await box.fill("hello , come")
    await box.evaluate("(box) => box.setSelectionRange(6, 6)")
    await expect(await types(page, "@gra")).to_have_count(1)
    await expect(box).to_have_attribute("aria-controls", "completion")
    await expect(box).to_have_attribute("aria-activedescendant", "completion-0")
    await expect(page.locator("#announcer")).to_have_text("1 suggestion")
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("hello @grace , come")
    await expect(options(page)).to_have_count(0)
    await expect(box).not_to_have_attribute("aria-controls", "completion")
    await expect(page.locator("#timeline .msg")).to_have_count(0)


async def test_escape_closes_the_list_only_and_enter_sends_where_nothing_fits(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    await expect(await types(page, "@gr")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.locator("#completion")).to_be_hidden()
    await expect(page.locator("#message")).to_have_value("@gr")
    await types(page, "zzz :)")
    await expect(page.locator("#completion")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(row(page, "@grzzz :)")).to_have_count(1)


async def test_a_bare_sign_lists_all_and_leaves_enter_to_the_message(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    await expect((await types(page, "@")).first).to_be_visible()
    await expect(page.locator("#message")).not_to_have_attribute("aria-activedescendant", "completion-0")
    await expect(options(page).filter(has_text="@room")).to_contain_text("(2)")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(page.locator("#message")).to_have_value("@grace ")


async def test_emoji_and_rooms_are_chosen_by_mouse(visit: Visit) -> None:
    page = await visit("ada")
    slug = await new_room(page)
    await expect((await types(page, ":smil")).first).to_contain_text("smile")
    await page.locator("#message").fill("")
    await (await types(page, ":tad")).first.click()
    await expect(page.locator("#message")).to_have_value("🎉 ")
    await (await types(page, f"#{slug}")).first.click()
    await expect(page.locator("#message")).to_have_value(f"🎉 #{slug} ")
    await expect(page.locator("#message")).to_be_focused()
    # What somebody else has opened since is found as well.
    grace = await visit("grace")
    found = await types(page, f"#{await new_room(grace)}")
    await expect(found).to_have_count(1)


async def test_a_finger_chooses(visit: Visit) -> None:
    page = await visit("ada", has_touch=True, viewport={"width": 390, "height": 844})
    await new_room(page, "grace")
    await (await types(page, "@gra")).first.tap()
    await expect(page.locator("#message")).to_have_value("@grace ")


async def test_nothing_opens_while_composing_and_a_name_may_follow_chinese(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    box = page.locator("#message")
    await expect(await types(page, "你好@gra")).to_have_count(1)
    session = await page.context.new_cdp_session(page)
    await session.send("Input.imeSetComposition", {"text": "ce", "selectionStart": 2, "selectionEnd": 2})
    await expect(page.locator("#completion")).to_be_hidden()
    await session.send("Input.insertText", {"text": "ce"})
    await expect(options(page)).to_have_count(1)
    # Nothing is left to complete: what is written out is sent.
    await expect(box).to_have_value("你好@grace")
    await page.keyboard.press("Enter")
    await expect(row(page, "你好").locator(".mention")).to_have_count(1)


async def test_it_works_where_a_message_is_written_anew(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    await say(page, "hello")
    await page.press("#message", "ArrowUp")
    field = page.locator(".editor textarea")
    await field.press_sequentially(" @gra")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("hello @grace ")
    await field.press_sequentially("@gra")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(field).to_be_visible()


async def test_who_types_on_asks_no_more_than_once(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/candidates?" in request.url:
            asked.append(request.url)

    page.on("request", note)
    async with page.expect_response("**/candidates?q=g"):
        await expect(await types(page, "@g")).to_have_count(1)
    await expect(await types(page, "race")).to_have_count(1)
    await expect(options(page)).to_contain_text("Grace Lin")
    assert [url.rpartition("=")[2] for url in asked] == ["g"]
    async with page.expect_response("**/candidates?q=l"):
        await page.locator("#message").fill("@l")
    assert len(asked) == 2


async def test_who_is_not_in_the_room_is_marked_so_and_late_answers_are_dropped(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    held: list[Route] = []

    async def holds(route: Route) -> None:
        held.append(route)

    await page.route("**/candidates?q=g", holds)
    await types(page, "@g")
    await expect(await types(page, "race")).to_have_count(1)
    await expect(options(page)).to_contain_text("not in this room")
    await page.keyboard.press("Escape")
    for route in held:
        await route.continue_()
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("#completion")).to_be_hidden()


@WIDTHS
async def test_an_open_list_has_no_fault(visit: Visit, viewport: dict[str, int], screens: Any) -> None:
    page = await visit("ada", viewport=viewport)
    await new_room(page, "grace")
    await expect((await types(page, ":smi")).first).to_be_visible()
    await page.screenshot(path=screens / f"completion-{viewport['width']}.png")
    await has_no_fault(page)
    # Not over what is written.
    ends = await page.evaluate(
        "['#completion', '#message'].map((name) => document.querySelector(name).getBoundingClientRect())"
        ".map((box, n) => (n ? box.top : box.bottom))"
    )
    assert ends[0] <= ends[1]


async def test_a_slash_at_the_very_beginning_lists_the_commands(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    box = page.locator("#message")
    await expect((await types(page, "/")).first).to_contain_text("/me")
    await expect(options(page)).to_have_count(13)
    await expect(await types(page, "to")).to_have_count(1)
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("/topic ")
    await types(page, "Lunch")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said")).to_have_text("The topic is changed.")
    await box.fill("see ")
    await types(page, "/to")
    await expect(page.locator("#completion")).to_be_hidden()


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "390"])
async def test_a_command_has_one_slash_and_is_told_in_full(
    visit: Visit, viewport: dict[str, int], locale: str, screens: Any
) -> None:
    page = await visit("ada", viewport=viewport, locale=locale)
    await new_room(page)
    await expect((await types(page, "/")).last).to_contain_text("/help")
    assert [each for each in await options(page).all_inner_texts() if not re.match("/[a-z]", each)] == []
    assert await page.evaluate(CLIPPED) == []
    await page.screenshot(path=screens / f"commands-{locale}-{viewport['width']}.png")
    await has_no_fault(page)


async def test_a_command_written_out_is_done_by_the_first_enter(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await expect((await types(page, "/mute")).first).to_contain_text("/mute")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said")).to_contain_text("/unmute")


async def test_emoji_are_found_by_their_chinese_and_english_names(visit: Visit) -> None:
    page = await visit("ada", locale="zh-CN")
    await new_room(page)
    box = page.locator("#message")
    for typed, emoji in (("好的 :火焰", "🔥"), ("好的:tada", "🎉"), (":party", "🎉"), (":拉炮", "🎉")):
        await box.fill("")
        await expect((await types(page, typed)).filter(has_text=emoji)).to_have_count(1)
        await expect(options(page).first).to_have_attribute("aria-selected", "true")
    await options(page).filter(has_text="🎉").click()
    await expect(box).to_have_value("🎉 ")


async def test_a_colon_of_a_chinese_sentence_leaves_enter_to_the_message(visit: Visit) -> None:
    page = await visit("ada", locale="zh-CN")
    await new_room(page)
    await expect((await types(page, "时间:月亮")).first).to_be_visible()
    await expect(page.locator("#completion [aria-selected=true]")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(row(page, "时间:月亮")).to_have_count(1)
    # Who wants one takes it.
    await expect((await types(page, "赏:月亮")).first).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.locator("#message")).not_to_have_value("赏:月亮")


async def test_shown_names_in_chinese_complete_to_what_a_message_needs(visit: Visit) -> None:
    page, number = await visit("ada"), next(ROOMS)
    name = f"产品讨论{number}组"
    made = await submit(page.context, "/rooms", at="/rooms/new", name=name, kind="open")
    slug = made.headers["location"].rpartition("/")[2]
    await new_room(page, "lin")
    box = page.locator("#message")
    # The last character of a name, in the middle of a sentence; then all of it, by Enter.
    for typed, taken in (
        ("请问@晓", "请问@lin "),
        ("@林晓", "@lin "),
        (f"看看#讨论{number}组", f"看看#{slug} "),
        (f"#{name}", f"#{slug} "),
    ):
        await box.fill("")
        await expect(await types(page, typed)).to_have_count(1)
        await page.keyboard.press("Enter")
        await expect(box).to_have_value(taken)
    await page.keyboard.press("Enter")
    await expect(page.locator("#timeline .msg .bd a")).to_have_text(f"#{name}")


async def test_what_was_completed_is_undone_in_one_step(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    await expect((await types(page, "thanks @gra")).first).to_contain_text("Grace")
    await page.keyboard.press("Tab")
    await expect(page.locator("#message")).to_have_value("thanks @grace ")
    await page.keyboard.press("Control+z")
    await expect(page.locator("#message")).to_have_value("thanks @gra")
    await page.fill("#message", "@gr look")
    await page.evaluate("document.getElementById('message').setSelectionRange(3, 3)")
    await page.keyboard.type("a")
    await expect(page.locator("#completion li").first).to_contain_text("Grace")
    await page.keyboard.press("Tab")
    await page.keyboard.type("do ")
    await expect(page.locator("#message")).to_have_value("@grace do look")
    await expect(page.locator("#completion")).to_be_hidden()
