"""What people write, as it stands on a page: Markdown, names, scripts that run the other way, and nothing too wide."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from chatapp.core.text import MOST_UNASKED
from tests.e2e import injecting
from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.verbs import comes_true, new_room, row, rows, say
from tests.support.browser import NARROW, WIDE

Visit = Callable[..., Awaitable[Page]]

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LOG_WIDER = "(() => { const t = document.getElementById('timeline'); return t.scrollWidth - t.clientWidth })()"
TABLE = f"{'|a' * 9}|\n{'|-' * 9}|\n{'|words' * 3}{'|wordswordswords' * 6}|"


async def writes(page: Page, content: str) -> None:
    """Send it, and see one more row stored: of the content itself not all need be seen again."""
    stored = page.locator("#timeline .msg[data-index]")
    count = await stored.count()
    await page.fill("#message", content)
    await page.press("#message", "Enter")
    await expect(stored).to_have_count(count + 1)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_long_code_words_and_tables_scroll_inside_themselves(visit: Visit, viewport: dict[str, int]) -> None:
    page = await visit("ada", viewport=viewport)
    await new_room(page)
    for content in (
        f"```\n{'code ' * 100}\n```",
        "w" * 5000,
        TABLE,
        f"`{'c' * 300}`",
        f"> {'q' * 300}",
        f"- {'l' * 300}",
    ):
        await writes(page, content)
    for _ in range(2):
        assert await page.evaluate(WIDER) <= 0
        assert await page.evaluate(LOG_WIDER) <= 0
        for name in ("pre", ".wide"):
            assert await page.locator(f".bd {name}").evaluate("box => box.scrollWidth > box.clientWidth")
        await page.reload()
    await page.locator(".bd pre").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator(".bd pre")).to_be_focused()
    await comes_true(page, "document.querySelector('.bd pre').scrollLeft > 0")


async def test_what_is_drawn_live_is_what_a_reload_draws(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    await writes(page, "**bold** `code` @grace #general :tada:")
    live = await rows(page).locator(".bd").inner_html()
    row_of_text = "['.bd', '.bd a'].map((each) => document.querySelector(each).getBoundingClientRect().height)"
    body, link = await page.evaluate(row_of_text)
    assert body < 2 * link
    await page.reload()
    assert await rows(page).locator(".bd").inner_html() == live
    assert 'data-mention="grace"' in live
    assert 'href="/rooms/general"' in live


async def test_each_paragraph_runs_the_way_of_its_script(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page, "grace")
    await say(page, "@grace مرحبا بكم")
    assert await page.locator(".bd").last.evaluate("body => getComputedStyle(body).direction") == "rtl"
    await writes(page, "שלום **לך**\n\nand *hello*\n\n- مرحبا")
    ways = await page.locator(".bd").last.evaluate(
        "body => [...body.children].map(each => getComputedStyle(each).direction)"
    )
    assert ways == ["rtl", "ltr", "rtl"]
    await writes(page, "> שלום\n\n> hello\n> שלום")
    ways = await page.locator(".bd").last.evaluate(
        "body => [...body.querySelectorAll('blockquote')].map(each => getComputedStyle(each).borderRightWidth)"
    )
    assert ways == ["3px", "0px"]


async def test_an_address_reads_as_it_is_whatever_turns_the_text_before_it(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await writes(page, "\u202e http://a.example/elpmaxe.b//:ptth")
    first, last = await page.locator(".bd a").evaluate(
        """link => [0, link.firstChild.length - 1].map((at) => {
          const letter = document.createRange();
          letter.setStart(link.firstChild, at);
          letter.setEnd(link.firstChild, at + 1);
          return letter.getBoundingClientRect().x;
        })"""
    )
    assert first < last


async def test_emoji_alone_are_larger(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await say(page, "words 🎉")
    await writes(page, ":tada: 👍🏽")
    await expect(page.locator(".bd .large")).to_have_text("🎉👍🏽")
    small, large = await page.evaluate(
        "['.bd', '.large'].map(each => parseFloat(getComputedStyle(document.querySelector(each)).fontSize))"
    )
    assert large > 2 * small


async def test_who_is_named_sees_it_in_the_room_and_beside_other_rooms(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at="/rooms/general")
    pill = grace.locator(f'.room-link[data-room="{room}"] .named')
    await expect(pill).to_be_hidden()
    await say(ada, "hello, nobody in particular")
    await expect(grace.locator(f'.room-link[data-room="{room}"] .count')).to_contain_text("1")
    await expect(pill).to_be_hidden()
    await say(ada, "look, @grace")
    await expect(pill).to_contain_text("1")
    await say(ada, "and @here too")
    await expect(pill).to_contain_text("2")
    await grace.reload()
    await expect(pill).to_contain_text("1")
    await grace.goto(f"/rooms/{room}")
    for text in ("look, @grace", "and @here too"):
        assert "named" in (await row(grace, text).get_attribute("class") or "")
        assert "named" not in (await row(ada, text).get_attribute("class") or "")
    await expect(row(grace, "look, @grace").locator("bdi.mention")).to_have_text("@grace")
    await expect(pill).to_be_hidden()
    live = await say(ada, "live @grace")
    await expect(row(grace, "live @grace")).to_have_class("msg named")
    assert "named" not in (await live.get_attribute("class") or "")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crowded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[injecting.House]:
    """A chat of so many that calling them all is asked about first."""
    names = ["ada", "grace", *(f"person{number}" for number in range(MOST_UNASKED - 1))]
    async with injecting.open_house(tmp_path_factory.mktemp("crowd") / "data", *names) as opened:
        yield opened


async def test_calling_very_many_is_asked_about_first(crowded: injecting.House, visit: Visit) -> None:
    page = await visit("ada", at="/rooms/general", to=crowded)
    dialog, stored = page.locator("#loud"), page.locator("#timeline .msg[data-index]")
    await page.fill("#message", "lunch, @room")
    await page.press("#message", "Enter")
    await expect(dialog).to_contain_text("21 people")
    await has_no_fault(page)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#message")).to_have_value("lunch, @room")
    await expect(rows(page)).to_have_count(0)
    await page.press("#message", "Enter")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Enter")  # as a key that is held down goes on
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#message")).to_have_value("lunch, @room")
    await expect(rows(page)).to_have_count(0)
    await page.press("#message", "Enter")
    await dialog.get_by_role("button", name="Send").click()
    await expect(stored).to_have_count(1)
    await expect(page.locator("#message")).to_be_focused()
    await expect(page.locator("#message")).to_have_value("")
    await writes(page, "just @grace")
    await expect(dialog).to_be_hidden()


@WIDTHS
async def test_a_room_full_of_markdown_has_no_fault(visit: Visit, viewport: dict[str, int]) -> None:
    page = await visit("grace", viewport=viewport)
    room = await new_room(page, "ada")
    ada = await visit("ada", at=f"/rooms/{room}")
    code = "```py\n# why\ndef f(x):\n    return 'a' + 1\n```\n```diff\n-a\n+b\n```"
    for content in (
        "**b** *i* ~~s~~ `c` [l](https://a.b)",
        code,
        TABLE,
        "> q\n\n- l\n  - m",
        "@grace #general",
        ":tada:",
    ):
        await writes(ada, content)
    await expect(page.locator(".msg.named")).to_have_count(1)
    await has_no_fault(page)
