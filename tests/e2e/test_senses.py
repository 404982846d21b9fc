"""Eyes and hands that are not everybody's: large letters, wide spacing, the system's own colours, small targets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Page, expect

from tests.e2e.test_accessibility import INSIDE
from tests.e2e.test_languages import CROWDED
from tests.e2e.verbs import new_room, say

Visit = Callable[..., Awaitable[Page]]

# 1280 by 800 at 200 % (WCAG 1.4.4).
ZOOMED: Final = {"width": 640, "height": 400}
# WCAG 1.4.12, as a reader's own sheet; the policy of the pages lets none in that is written into them.
SPACED: Final = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important; } p { margin-block-end: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""
# What is larger than the line or the box it stands in, where letters alone are larger.
CUT: Final = """() => {
  const found = [];
  const look = (each, words, width = 0) => {
    const { fontSize, lineHeight, display } = getComputedStyle(each);
    const size = parseFloat(fontSize);
    const isLow = parseFloat(lineHeight) < size || (display !== "inline" && each.clientHeight < size);
    const isNarrow = each.matches(".av, .badge, .menu :is(a, button)") && width > each.clientWidth;
    if (isLow || isNarrow) found.push(`${each.className || each.id}: ${words}`);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    const { data, parentElement: box } = texts.currentNode;
    range.selectNodeContents(texts.currentNode);
    const { width } = range.getBoundingClientRect();
    if (data.trim() && width && !box.closest(".vh, script, noscript")) look(box, data, width);
  }
  for (const field of document.querySelectorAll("textarea")) look(field, field.name);
  return found;
}"""
# Something that can be pressed, without an edge of its own and without another ground than what it lies on.
EDGELESS: Final = """names => names.flatMap((name) => [...document.querySelectorAll(name)])
  .filter((each) => each.checkVisibility())
  .filter((each) => {
    const style = getComputedStyle(each);
    const hasEdge = style.borderStyle !== "none" && parseFloat(style.borderWidth) >= 1;
    return !hasEdge && style.backgroundColor === getComputedStyle(document.body).backgroundColor;
  }).map((each) => each.outerHTML.slice(0, 100))"""
# What is not in a line of words (WCAG 2.5.8, inline), and is not spaced by 24 pixels either.
SMALL: Final = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")]
  .filter((each) => each.checkVisibility() && !each.closest("p, .bd, dd, td, label, .skip, .ts, .note, .vh"))
  .map((each) => [each.outerHTML.slice(0, 120), each.getBoundingClientRect()])
  .filter(([, { width, height }]) => width && height && (width < 24 || height < 24))
  .map(([html, { width, height }]) => `${Math.round(width)}x${Math.round(height)} ${html}`)"""


async def fits(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
    assert await page.evaluate(CROWDED) == [], page.url


async def test_at_twice_the_size_nothing_is_lost(visit: Visit) -> None:
    page = await visit("ada", viewport=ZOOMED)
    for path in INSIDE:
        await page.goto(path)
        await fits(page)
    await page.goto("/rooms/general")
    for name in ("#timeline", "#message", "#composer .send"):
        await expect(page.locator(name)).to_be_in_viewport()
    assert await page.locator("#timeline").evaluate("log => log.clientHeight") > 150


async def test_with_letters_of_twice_the_size_none_is_cut(visit: Visit) -> None:
    page, grace = await visit("ada"), await visit("grace")
    room = await new_room(page, "grace")
    first = await say(page, "what is quoted")
    await grace.goto(f"/rooms/{room}")
    await say(grace, "@ada a mention for the badge")
    await first.hover()
    await page.click(".tools [data-do=reply]")
    await say(page, "the reply")
    for path in (*INSIDE, f"/rooms/{room}"):
        await page.goto(path)
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate(CUT) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    await page.click(".me-button")
    assert await page.evaluate(CUT) == []


async def test_in_a_window_of_a_few_lines_menus_stay_inside(visit: Visit) -> None:
    # 1280 by 1024 at 400 % (WCAG 1.4.10).
    page = await visit("ada", viewport={"width": 320, "height": 256})
    await new_room(page)
    await (await say(page, "hello")).hover()
    await page.click(".tools [popovertarget=message-menu]")
    await expect(page.locator("#message-menu [data-do=link]")).to_be_in_viewport(ratio=1)
    await page.keyboard.press("Escape")
    await page.goto("/rooms")
    await page.click(".me-button")
    await page.locator("#me-menu form button").scroll_into_view_if_needed()
    await expect(page.locator("#me-menu form button")).to_be_in_viewport(ratio=1)


async def test_with_wide_spacing_nothing_is_lost(visit: Visit) -> None:
    page = await visit("ada")
    for path in ("/login", *INSIDE):
        await page.goto(path)
        await page.evaluate(SPACED)
        await fits(page)
    await new_room(page)
    await page.evaluate(SPACED)
    await say(page, "hello")
    await fits(page)


async def test_in_the_colours_of_the_system_everything_keeps_its_edge(visit: Visit) -> None:
    page = await visit("ada", forced_colors="active")
    await new_room(page)
    await say(page, "hello")
    assert await page.evaluate(EDGELESS, [".box", ".send", ".btn", "input:not([type=hidden])", ".menu", "dialog"]) == []
    grace = await visit("grace", at="/rooms/general")
    await say(grace, "@ada here")
    await page.goto("/rooms/general")
    edge = "row => getComputedStyle(row).borderInlineStartWidth"
    assert await page.locator(".msg.named").last.evaluate(edge) == "3px"
    await page.keyboard.press("Control+k")
    await expect(page.locator("#switcher [aria-selected=true]")).to_be_visible()
    chosen, other = (page.locator(f"#switcher [aria-selected={state}]").first for state in ("true", "false"))
    look = "item => { const style = getComputedStyle(item); return [style.outlineStyle, style.backgroundColor]; }"
    assert await chosen.evaluate(look) != await other.evaluate(look)
    assert await page.evaluate(EDGELESS, ["dialog[open]"]) == []
    await page.goto("/settings/profile")
    line = "tab => getComputedStyle(tab).borderBlockEndColor"
    assert await page.locator(".tabs a:not([aria-current])").first.evaluate(line) == "rgb(255, 255, 255)"


async def test_every_target_is_large_enough(visit: Visit) -> None:
    small = {}
    for username, paths in (("", ["/login"]), ("ada", INSIDE)):
        page = await visit(username)
        for path in paths:
            await page.goto(path)
            small[path] = await page.evaluate(SMALL)
    assert {path: found for path, found in small.items() if found} == {}


async def test_the_ways_to_narrow_a_search_are_large_enough(visit: Visit) -> None:
    page = await visit("ada")
    for _ in range(2):
        await new_room(page)
        await say(page, "narrower")
    await page.goto("/search?q=narrower&slow=true")
    await expect(page.locator(".narrower a")).to_have_count(2)
    assert await page.evaluate(SMALL) == []


async def test_what_came_of_a_form_and_of_a_search_is_spoken(visit: Visit) -> None:
    page = await visit("ada", at="/settings/appearance")
    spoken = page.locator("body > [role=status]")
    await page.click("#theme button")
    await expect(page.locator("main .note")).to_be_visible()
    await expect(spoken).to_have_text(await page.locator("main .note").inner_text())
    await page.goto("/search?q=nothinglikethis")
    await expect(spoken).to_have_text("Nothing was found for “nothinglikethis”")
    await page.goto("/settings/appearance")
    await expect(spoken).to_have_count(0)


async def test_one_place_of_a_room_speaks_of_messages(visit: Visit) -> None:
    page = await visit("ada", at="/rooms/general")
    await expect(page.locator("[aria-live=polite]")).to_have_count(1)
    await expect(page.locator("#timeline")).to_have_attribute("aria-live", "off")
    assert await page.evaluate("[...document.querySelectorAll('[tabindex]')].filter((e) => e.tabIndex > 0).length") == 0
    await expect(page.locator("html")).to_have_attribute("dir", "ltr")
