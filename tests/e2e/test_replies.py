"""Replies: the bar over the box, the quoted words and where they lead; what is quoted is what stands there now."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.e2e.test_actions import delete, open_menu, point_at, tool
from tests.e2e.test_conversation import NORMAL
from tests.e2e.verbs import NOTES, Wire, attach, comes_true, hold, new_room, post_many, row, say
from tests.support.pictures import picture

Visit = Callable[..., Awaitable[Page]]


async def reply(page: Page, to: Locator, text: str) -> Locator:
    await point_at(to)
    await tool(to, "reply").click()
    await expect(page.locator("#replying")).to_be_visible()
    await expect(page.locator("#message")).to_be_focused()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    written = row(page, text)
    await expect(written).to_have_attribute("data-index", re.compile(r"\d+"))
    await expect(page.locator("#replying")).to_be_hidden()
    return written


async def test_a_reply_quotes_what_it_answers_for_everybody_live_and_after_a_reload(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "shall we\nship it?")
    await reply(grace, row(grace, "shall we"), "yes, now")
    answer = row(ada, "yes, now")
    await expect(answer.locator(".quote")).to_contain_text("Ada Okafor shall we ship it?")
    await expect(answer).to_have_class(re.compile("first"))
    drawn = await answer.evaluate(NORMAL)
    await ada.reload()
    assert await row(ada, "yes, now").evaluate(NORMAL) == drawn


@pytest.mark.parametrize(
    ("said", "first", "words"),
    [
        ("**bold** `a<b && 'c'` [here](https://example.org/)", "bold", "bold a<b && 'c' here"),
        ("- fruit\n  - apples\n  - pears\n- bread\n  > fresh", "fruit", "fruit apples pears bread fresh"),
    ],
    ids=["marks", "a list within a list"],
)
async def test_a_quote_is_the_same_plain_text_live_and_after_a_reload(
    visit: Visit, said: str, first: str, words: str
) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.fill("#message", said)
    await ada.press("#message", "Enter")
    await expect(row(ada, first)).to_have_attribute("data-version", re.compile(r"\d+"))
    answer = await reply(ada, row(ada, first), "yes")
    await expect(answer.locator(".words")).to_have_text(words)
    await ada.reload()
    await expect(answer.locator(".words")).to_have_text(words)


async def test_the_quote_leads_to_the_original(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    original = await say(ada, "the original")
    answer = await reply(ada, original, "the answer")
    await answer.locator(".quote").click()
    await expect(ada.locator("#m1")).to_be_focused()
    await post_many(ada, 80)
    await ada.goto(f"/rooms/{room}")
    await expect(row(ada, "the original")).to_have_count(0)
    await ada.goto(f"/rooms/{room}/2")
    await expect(row(ada, "the answer").locator(".quote")).to_contain_text("the original")


async def test_a_quote_of_something_out_of_the_window_is_filled_in(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "long ago")
    await post_many(ada, 80)
    await ada.goto(f"/rooms/{room}")
    grace = await visit("grace", at=f"/rooms/{room}/1")
    await reply(grace, row(grace, "long ago"), "I remember")
    answer = row(ada, "I remember")
    await expect(answer.locator(".quote")).to_contain_text("Ada Okafor long ago")
    await answer.locator(".quote").click()
    await ada.wait_for_url(re.compile("/1$"))
    await expect(row(ada, "long ago")).to_be_focused()


async def test_removed_words_are_not_quoted_any_longer(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "a secret wording")
    await reply(grace, row(grace, "a secret wording"), "careful")
    await expect(row(ada, "careful").locator(".quote")).to_contain_text("a secret wording")
    mine = ada.locator("#m1")
    await point_at(mine)
    await tool(mine, "edit").click()
    await ada.locator(".editor textarea").fill("a harmless wording")
    await ada.keyboard.press("Enter")
    for page in (ada, grace):
        await expect(row(page, "careful").locator(".quote")).to_contain_text("a harmless wording")
    await delete(ada, mine)
    await ada.goto("/rooms")
    await expect(row(grace, "careful").locator(".quote")).to_contain_text("deleted")
    assert "harmless" not in await grace.content()
    await grace.reload()
    await expect(row(grace, "careful").locator(".quote")).to_contain_text("deleted")
    assert "harmless" not in await grace.content()


async def test_what_was_edited_away_while_one_was_away_is_caught_up_with(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace, wire = await visit("grace"), Wire()
    await wire.hold(grace)
    await grace.goto(f"/rooms/{room}")
    await say(ada, "old words")
    await reply(grace, row(grace, "old words"), "noted")
    await wire.cut()
    await expect(grace.locator("#banner")).to_be_visible()
    await ada.focus("#message")
    await ada.keyboard.press("ArrowUp")
    await ada.locator(".editor textarea").fill("new words")
    await ada.keyboard.press("Enter")
    await expect(row(ada, "noted").locator(".quote")).to_contain_text("new words")
    wire.is_cut = False
    await grace.click("#banner-try")
    await expect(grace.locator("#m1 .bd")).to_have_text("new words")
    await expect(row(grace, "noted").locator(".quote")).to_contain_text("new words")


async def test_a_reply_is_given_up_with_escape_and_kept_over_a_reload(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "the original")
    await ada.focus("#timeline")
    await ada.keyboard.press("End")
    await expect(message).to_be_focused()
    await ada.keyboard.press("r")
    await expect(ada.locator("#replying")).to_contain_text("Replying to Ada Okafor the original")
    await ada.keyboard.type("half an ans")
    await ada.reload()
    await expect(ada.locator("#message")).to_have_value("half an ans")
    await expect(ada.locator("#replying")).to_contain_text("the original")
    await ada.focus("#message")
    await ada.keyboard.press("Escape")
    await expect(ada.locator("#replying")).to_be_hidden()
    await expect(ada.locator("#message")).to_have_value("half an ans")
    await ada.keyboard.press("Enter")
    await expect(row(ada, "half an ans")).to_have_count(1)
    await expect(row(ada, "half an ans").locator(".quote")).to_have_count(0)


async def test_words_are_quoted_into_the_box(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    menu = await open_menu(ada, await say(ada, "one sentence"))
    await menu.locator("[data-do=quote]").click()
    await expect(ada.locator("#message")).to_be_focused()
    await expect(ada.locator("#message")).to_have_value("> one sentence\n")
    await ada.keyboard.type("so it is")
    menu = await open_menu(ada, row(ada, "one sentence"))
    await menu.locator("[data-do=quote]").click()
    await expect(ada.locator("#message")).to_have_value("> one sentence\nso it is\n> one sentence\n")
    await ada.keyboard.press("Control+z")
    await expect(ada.locator("#message")).to_have_value("> one sentence\nso it is")


async def test_of_words_that_are_selected_only_those_are_quoted(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    message = await say(ada, "one sentence and more")
    menu = await open_menu(ada, message)
    await message.locator(".bd").evaluate(
        "body => { const text = body.querySelector('p')?.firstChild ?? body.firstChild;"
        "getSelection().setBaseAndExtent(text, 4, text, 12); }"
    )
    await menu.locator("[data-do=quote]").click()
    await expect(ada.locator("#message")).to_have_value("> sentence\n")


@pytest.mark.parametrize(("quoted", "words"), [("first of two", "of two"), ("second of two", "second")])
async def test_of_what_is_selected_over_two_messages_only_that_of_the_one_is_quoted(
    visit: Visit, quoted: str, words: str
) -> None:
    """What stands between them was quoted too: the time, the name, "Pinned"."""
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "first of two")
    await say(ada, "second of two")
    menu = await open_menu(ada, row(ada, quoted))
    await ada.locator("#timeline").evaluate(
        "list => { const [one, two] = [...list.querySelectorAll('.bd')].map(({ firstChild }) => firstChild);"
        "getSelection().setBaseAndExtent(two, 6, one, 6); }"
    )
    await menu.locator("[data-do=quote]").click()
    await expect(ada.locator("#message")).to_have_value(f"> {words}\n")


async def test_without_scripts_a_reply_is_a_link_and_a_form(visit: Visit) -> None:
    ada = await visit("ada", java_script_enabled=False)
    await new_room(ada)
    await ada.fill("#message", "the original")
    await ada.click("#composer .send")
    await row(ada, "the original").locator(".act").click()
    await ada.click(".message-actions >> text=Reply")
    await expect(ada.locator("#replying")).to_contain_text("the original")
    await ada.fill("#message", "the answer")
    await ada.click("#composer .send")
    await expect(row(ada, "the answer").locator(".quote")).to_contain_text("Ada Okafor the original")
    await expect(ada.locator("#replying")).to_be_hidden()
    await row(ada, "the answer").locator(".quote").click()
    await expect(ada.locator(".msg.target")).to_contain_text("the original")


async def test_a_reply_whose_original_was_deleted_meanwhile_is_none_any_more(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    original = await say(ada, "the original")
    await original.focus()
    await ada.keyboard.press("r")
    await expect(ada.locator("#replying")).to_be_visible()
    await ada.goto("/rooms")
    own = {"Origin": "/".join(ada.url.split("/")[:3])}
    answer = await ada.context.request.delete(f"/api/v1/rooms/{room}/messages/1", headers=own)
    assert answer.ok
    await ada.goto(f"/rooms/{room}")
    await comes_true(ada, "Object.keys(localStorage).every(key => !key.startsWith('draft:'))")
    await expect(ada.locator("#replying")).to_be_hidden()


async def test_of_a_message_without_words_its_files_are_quoted(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await attach(ada, FilePayload(name="a.png", mimeType="image/png", buffer=picture()), NOTES)
    await ada.locator(".chosen-alt").first.fill("A red square")
    await expect(ada.locator(".chosen progress:visible")).to_have_count(0)
    await ada.press("#message", "Enter")
    await expect(ada.locator("#m1 .files > a")).to_have_count(2)
    answer = await reply(ada, ada.locator("#m1"), "nice")
    await expect(answer.locator(".words")).to_have_text("A red square, notes.txt")
    await ada.reload()
    await expect(answer.locator(".words")).to_have_text("A red square, notes.txt")


async def test_a_reply_is_one_before_the_server_has_said_anything(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    original = await say(ada, "the original")
    await ada.route("**/api/v1/rooms/*/messages/1?*", lambda _: None)
    await original.focus()
    await ada.keyboard.press("r")
    await expect(ada.locator("#replying")).to_contain_text("Replying to Ada Okafor the original")
    await ada.keyboard.type("yes")
    await ada.keyboard.press("Enter")
    await expect(row(ada, "yes")).to_have_attribute("data-reply", "1")
    await expect(row(ada, "yes")).to_have_attribute("data-index", "2")
    await expect(ada.locator("#replying")).to_be_hidden()


async def test_words_of_a_quote_that_did_not_come_are_asked_for_again(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "long ago")
    await post_many(ada, 80)
    await ada.goto(f"/rooms/{room}")
    await ada.route("**/api/v1/rooms/*/messages/1?*", lambda route: route.fulfill(status=503))
    grace = await visit("grace", at=f"/rooms/{room}/1")
    async with ada.expect_response("**/api/v1/rooms/*/messages/1?*"):
        await reply(grace, row(grace, "long ago"), "I remember")
    await ada.unroute_all()
    await expect(row(ada, "I remember").locator(".quote")).to_contain_text("Ada Okafor long ago")


async def test_what_is_typed_before_a_reply_can_be_one_is_not_sent_as_none(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    arrives = await hold(ada, "**/js/actions.js")
    original = await say(ada, "the original")
    await original.focus()
    await ada.keyboard.press("r")
    await ada.keyboard.type("answer")
    await ada.keyboard.press("Enter")
    await expect(ada.locator("#message")).to_have_value("answer")
    arrives.set()
    await expect(ada.locator("#replying")).to_be_visible()
    await ada.keyboard.press("Enter")
    await expect(row(ada, "answer")).to_have_attribute("data-reply", "1")
    await expect(ada.locator("#replying")).to_be_hidden()
