"""What is done to a text that is being written: marks around words, links of them, and what to do with too many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.verbs import comes_true, hold, new_room, row, say
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

MOST: Final = 8_000
SELECT: Final = "(field, [start, end]) => { field.focus(); field.setSelectionRange(start, end); }"
SELECTED: Final = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
# As in a browser that does not know the property.
SIZES_NO_FIELD: Final = """() => {
  const forget = rule => {
    rule.style?.removeProperty('field-sizing');
    for (const inner of rule.cssRules ?? []) forget(inner);
  };
  for (const sheet of document.styleSheets) forget(sheet);
}"""


async def box(page: Page) -> Locator:
    """The message box of a new room."""
    await new_room(page)
    field = page.locator("#message")
    await expect(field).to_be_focused()
    return field


async def choose(field: Locator, words: str) -> None:
    """Select these words of a field."""
    start = (await field.input_value()).index(words)
    await field.evaluate(SELECT, [start, start + len(words)])


@pytest.mark.parametrize(
    ("key", "before", "words", "after"),
    [
        ("b", "a big word", "big", "a **big** word"),
        ("b", "a big word", " big ", "a **big** word"),
        ("b", "a **big** word", "big", "a big word"),
        ("b", "a **big** word", "**big**", "a big word"),
        ("i", "a big word", "big", "a *big* word"),
        ("i", "a **big** word", "big", "a ***big*** word"),
        ("b", "a *big* word", "big", "a ***big*** word"),
        ("i", "a ***big*** word", "big", "a **big** word"),
        ("e", "a big word", "big", "a `big` word"),
        ("e", "a `big` word", "big", "a big word"),
        ("e", "a b`g word", "b`g", "a ``b`g`` word"),
        ("e", "see x\ny", "x\ny", "see \n```\nx\ny\n```\n"),
        ("i", "早上好", "上", "早*上*好"),
    ],
)
async def test_keys_mark_what_is_selected(visit: Visit, key: str, before: str, words: str, after: str) -> None:
    field = await box(await visit("ada"))
    await field.fill(before)
    await choose(field, words)
    await field.page.keyboard.press(f"Control+{key}")
    await expect(field).to_have_value(after)


async def test_a_mark_is_undone_in_one_step_and_the_words_stay_selected(visit: Visit) -> None:
    page = await visit("ada")
    field = await box(page)
    await page.keyboard.type("a big word")
    await choose(field, "big")
    await page.keyboard.press("Control+b")
    await expect(field).to_have_value("a **big** word")
    assert await field.evaluate(SELECTED) == "big"
    await page.keyboard.press("Control+i")
    await expect(field).to_have_value("a ***big*** word")
    await page.keyboard.press("Control+z")
    await expect(field).to_have_value("a **big** word")
    await page.keyboard.press("Control+z")
    await expect(field).to_have_value("a big word")


async def test_with_nothing_selected_what_is_typed_next_is_marked(visit: Visit) -> None:
    page = await visit("ada")
    field = await box(page)
    await page.keyboard.press("Control+b")
    await expect(field).to_have_value("****")
    await page.keyboard.type("big")
    await expect(field).to_have_value("**big**")


async def test_a_message_that_is_edited_is_marked_the_same_way(visit: Visit) -> None:
    page = await visit("ada")
    await box(page)
    await say(page, "a big word")
    await page.keyboard.press("ArrowUp")
    field = page.locator(".editor textarea")
    await expect(field).to_be_focused()
    await choose(field, "big")
    await page.keyboard.press("Control+b")
    await expect(field).to_have_value("a **big** word")
    await page.keyboard.press("Enter")
    await expect(row(page, "a big word").locator("strong")).to_have_text("big")


@pytest.mark.parametrize(
    ("words", "url", "after"),
    [
        ("the page", "https://example.org/a_(b)", "see [the page](https://example.org/a_%28b%29)"),
        ("[it]", "https://example.org/", "see [\\[it\\]](https://example.org/)"),
        ("https://old.example/", "https://example.org/", "see https://example.org/"),
        ("the page", "not an address", "see not an address"),
        ("the page", "https://example.org/ and more", "see https://example.org/ and more"),
    ],
)
async def test_an_address_pasted_over_words_makes_a_link_of_them(
    visit: Visit, server: Server, words: str, url: str, after: str
) -> None:
    page = await visit("ada")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    field = await box(page)
    await page.evaluate("text => navigator.clipboard.writeText(text)", url)
    await page.keyboard.type(f"see {words}")
    await choose(field, words)
    # Twice, and what waits for a paste is there too.
    for _ in range(2):
        before = await field.input_value()
        await page.keyboard.press("Control+b")
        await expect(field).not_to_have_value(before)
    await choose(field, words)
    await page.keyboard.press("Control+v")
    await expect(field).to_have_value(after)
    if "[" in after:
        await page.keyboard.press("Control+z")
        await expect(field).to_have_value(f"see {words}")


async def test_how_much_room_is_left_is_said_in_the_last_tenth(visit: Visit) -> None:
    page = await visit("ada")
    field = await box(page)
    counter = page.locator("#counter")
    await field.fill("x" * (MOST * 9 // 10 - 1))
    await expect(counter).to_be_hidden()
    await field.fill("x" * (MOST * 9 // 10))
    await expect(counter).to_have_text("800 characters left")
    # Letters, not bytes or halves of letters.
    await field.fill("🎉" * (MOST - 1))
    await expect(counter).to_have_text("1 character left")
    await expect(page.locator("#composer .send")).to_be_enabled()
    await field.fill("x" * (MOST + 1))
    await expect(counter).to_have_text("1 character over the limit. Shorten the message to send it.")
    await expect(page.locator("#composer .send")).to_be_disabled()
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("x" * (MOST + 1))
    await field.fill("short")
    await expect(counter).to_be_hidden()
    await expect(page.locator("#composer .send")).to_be_enabled()


async def test_an_edit_that_is_too_long_is_not_saved_and_says_why(visit: Visit) -> None:
    page = await visit("ada")
    await box(page)
    await say(page, "short")
    await page.keyboard.press("ArrowUp")
    field = page.locator(".editor textarea")
    await field.fill("x" * (MOST + 2))
    await expect(page.locator(".editor .counter")).to_have_text(
        "2 characters over the limit. Shorten the message to send it."
    )
    await expect(page.locator(".editor .primary")).to_be_disabled()
    await page.keyboard.press("Enter")
    await expect(field).to_be_visible()
    await has_no_fault(page)
    await field.fill("x" * 12)
    await page.keyboard.press("Enter")
    await expect(row(page, "x" * 12)).to_have_count(1)


async def test_what_is_too_long_is_sent_as_a_text_file(visit: Visit) -> None:
    page = await visit("ada")
    field = await box(page)
    text = "一行 line\n" * 1_100
    await field.fill(text)
    await page.click(".as-file")
    link = page.locator("#timeline .msg[data-index] a.file")
    await expect(link).to_contain_text("message.txt")
    await expect(field).to_have_value("")
    await expect(page.locator(".as-file")).to_be_hidden()
    answer = await page.context.request.get(str(await link.get_attribute("href")))
    assert await answer.text() == text
    await page.reload()
    await expect(field).to_have_value("")


async def test_a_long_text_that_could_not_be_uploaded_is_given_back(visit: Visit) -> None:
    page = await visit("ada")
    field = await box(page)
    await page.route("**/api/v1/files?*", lambda route: route.abort())
    text = "x" * (MOST + 1)
    await field.fill(text)
    await page.click(".as-file")
    await expect(page.locator(".chosen.failed")).to_have_count(1)
    await expect(field).to_have_value("")
    await page.click(".chosen [data-remove]")
    await expect(field).to_have_value(text)
    await expect(field).to_be_focused()


async def test_a_long_text_survives_a_reload_before_it_was_uploaded(visit: Visit) -> None:
    page = await visit("ada")
    field = await box(page)
    await page.route("**/api/v1/files?*", lambda route: route.abort())
    await field.fill("x" * (MOST + 1))
    await page.click(".as-file")
    await expect(page.locator(".chosen.failed")).to_have_count(1)
    await page.reload()
    await expect(field).to_have_value("x" * (MOST + 1))


async def test_a_long_text_is_kept_beside_what_is_typed_while_it_is_uploaded(visit: Visit) -> None:
    page = await visit("ada")
    field = await box(page)
    arrives = await hold(page, "**/api/v1/files?*")
    long = "x" * (MOST + 1)
    await field.fill(long)
    await page.click(".as-file")
    await expect(page.locator(".chosen")).to_have_count(1)
    await field.press_sequentially("and more")
    await page.reload()
    await expect(field).to_have_value(f"{long}\nand more")
    await page.click(".as-file")
    await expect(field).to_have_value("")
    await field.press_sequentially("yet more")
    arrives.set()
    await expect(page.locator(".chosen progress")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(page.locator("#timeline .msg[data-index] a.file")).to_be_visible()
    await expect(row(page, "yet more")).to_have_count(1)
    assert await page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('draft:'))") == []


@WIDTHS
async def test_too_long_has_no_fault(visit: Visit, viewport: dict[str, int]) -> None:
    page = await visit("ada", viewport=viewport)
    field = await box(page)
    await field.fill("x" * (MOST + 1))
    await expect(page.locator(".as-file")).to_be_visible()
    await has_no_fault(page)


async def test_the_box_is_as_tall_as_its_text_in_browsers_that_do_not_see_to_that(visit: Visit) -> None:
    page = await visit("ada")
    await page.add_init_script("CSS.supports = name => name !== 'field-sizing'")
    await new_room(page)
    await page.evaluate(SIZES_NO_FIELD)
    box, heights = page.locator("#message"), []
    await comes_true(page, "document.querySelector('#message').style.blockSize !== ''")
    for key in ("a", "Shift+Enter", "Shift+Enter", "Enter"):
        await box.press(key)
        heights.append(await box.evaluate("box => box.offsetHeight"))
    assert heights == [36, 58, 80, 36]
