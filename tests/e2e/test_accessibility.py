"""Every page in both schemes and two widths: axe finds nothing, nothing overflows, nothing is fetched elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.e2e.verbs import Wire, in_both_widths, new_room, say, say_into_the_void, sends
from tests.support.browser import NARROW, WIDE
from tests.support.server import Server, serving

Visit = Callable[..., Awaitable[Page]]

AXE: Final = Axe().axe_script
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS: Final[dict[str, Any]] = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},
    # Every rule is tried; of those that are kept, the elements are not told one by one.
    "resultTypes": ["violations", "incomplete"],
}
# Of the same rules those that look at colours.
COLOURS: Final[dict[str, Any]] = {**OPTIONS, "runOnly": ["color-contrast", "link-in-text-block"], "rules": {}}
OUTSIDE: Final = ["/login", "/register", "/forgot", "/reset/nothing", "/verify/nothing", "/join/nothing", "/setup"]
INSIDE: Final = [
    "/rooms",
    "/rooms/new",
    "/rooms/general",
    "/rooms/general/settings",
    "/people",
    "/people?q=nobody-here",
    "/people/grace",
    "/rooms?q=nowhere",
    "/search",
    "/search?q=in:general",
    "/search?q=bakcup+in:nowhere+from:nobody",
    "/search?q=x&slow=true",
    f"/search?q={'x' * 500}",
    "/settings/profile",
    "/settings/notifications",
    "/settings/sessions",
    "/settings/tokens",
    "/settings/appearance",
    "/settings/invites",
    "/admin/users",
    "/admin/users?q=nobody-here",
    "/admin/users/ada",
    "/admin/users/grace",
    "/admin/audit",
    "/admin/audit?who=nobody-here",
    "/nothing-here",
]
WIDTHS: Final = pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "390"])


async def has_no_fault(page: Page) -> None:
    """No violation, no target too small, no sideways scrolling; neither in the dark, where only colours differ."""
    # Nothing fades from one colour to the other: a page that has just come may begin to at any moment.
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark = await _violations(page, COLOURS)
    await page.emulate_media(color_scheme="light")
    found = [*await _violations(page, OPTIONS), *(f"in the dark, {each}" for each in dark)]
    await page.emulate_media(reduced_motion="null")
    assert found == [], (page.url, found)
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url


async def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    # What is still fading in has less contrast than it will have.
    await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)))")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    results = await page.evaluate("options => axe.run(options)", options)
    found = [_told(rule) for rule in results["violations"]]
    return found + [_told(rule) for rule in results["incomplete"] if rule["id"] == "target-size"]


def _told(rule: dict[str, Any]) -> str:
    return f"{rule['id']}: " + "; ".join(node["html"][:160] for node in rule["nodes"])


async def test_pages_outside(visit: Visit) -> None:
    page = await visit()
    for path in OUTSIDE:
        await page.goto(path)
        async for _width in in_both_widths(page):
            await has_no_fault(page)


async def test_pages_inside(visit: Visit) -> None:
    page = await visit("ada")
    for path in INSIDE:
        await page.goto(path)
        async for _width in in_both_widths(page):
            await has_no_fault(page)


@WIDTHS
async def test_the_setup_page(visit: Visit, tmp_path: Any, viewport: dict[str, int]) -> None:
    async with serving(tmp_path / "data") as fresh:
        page = await visit(to=fresh, viewport=viewport)
        await page.goto(fresh.setup_link)
        await has_no_fault(page)
        await page.fill("[name=username]", "a")
        await page.fill("[name=email]", "not@here")
        await page.fill("[name=password]", "short")
        await page.evaluate("document.querySelector('main form').noValidate = true")
        await page.click("main form button:not([type=button])")
        await expect(page.locator("[aria-invalid=true]").first).to_be_visible()
        await has_no_fault(page)


@WIDTHS
async def test_a_room_in_all_its_states(visit: Visit, viewport: dict[str, int]) -> None:
    page = await visit("ada", viewport=viewport)
    await page.clock.install()
    wire = Wire()
    await wire.hold(page)
    await new_room(page, "grace")
    await has_no_fault(page)
    for words in ("hello", "a link https://example.org/x", "مرحبا بالعالم", "早上好", "x" * 300):
        await say(page, words)
    await has_no_fault(page)
    await page.keyboard.press("Control+k")
    await expect(page.locator("#switcher")).to_be_visible()
    await has_no_fault(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+/")
    await expect(page.locator("#shortcuts")).to_be_visible()
    await has_no_fault(page)
    await page.keyboard.press("Escape")
    await page.fill("#message", "x" * 7900)
    await expect(page.locator("#counter")).to_be_visible()
    await has_no_fault(page)
    wire.swallows = "sendMessage"
    failed = await say_into_the_void(page, "will not arrive")
    await expect(failed.locator("[data-retry]")).to_be_visible()
    await wire.cut()
    await expect(page.locator("#banner")).to_be_visible()
    await has_no_fault(page)


async def test_nothing_overflows_at_320_px(visit: Visit) -> None:
    wide = {}
    for username, paths in (("", OUTSIDE), ("ada", INSIDE)):
        page = await visit(username, viewport={"width": 320, "height": 640})
        for path in paths:
            await page.goto(path)
            wide[path] = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert {path: by for path, by in wide.items() if by > 0} == {}


async def test_a_long_word_stays_inside_the_page(visit: Visit) -> None:
    page = await visit("ada", viewport=NARROW)
    await new_room(page)
    await say(page, "W" * 2000)
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    box = "document.getElementById('timeline')"
    assert await page.evaluate(f"{box}.scrollWidth - {box}.clientWidth") <= 0


async def test_nothing_moves_where_less_motion_is_asked_for(visit: Visit) -> None:
    page = await visit("ada", at="/rooms/general", reduced_motion="reduce")
    assert await page.evaluate("document.getAnimations().length") == 0


async def test_the_theme_of_the_person_wins_over_that_of_the_system(visit: Visit, server: Server) -> None:
    page = await visit("lin", at="/settings/appearance", color_scheme="light")
    light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    for theme, is_dark in (("dark", True), ("system", False)):
        await page.check(f"[name=theme][value={theme}]")
        await sends(page, "main form[action='/settings/theme'] button:not([type=button])")
        await page.goto("/rooms/general")
        assert (await page.evaluate("getComputedStyle(document.body).backgroundColor") != light) is is_dark
        await page.goto("/settings/appearance")


async def test_errors_in_a_form_are_tied_to_their_fields(visit: Visit) -> None:
    page = await visit("ada", at="/rooms/new", java_script_enabled=False)
    await page.eval_on_selector("main form", "form => form.noValidate = true")
    await page.click("main form button:not([type=button])")
    field = page.locator("[name=name]")
    await expect(field).to_have_attribute("aria-invalid", "true")
    described = (await field.get_attribute("aria-describedby") or "").split()
    assert any([await page.locator(f"#{name}").inner_text() for name in described])


@WIDTHS
async def test_a_message_in_all_its_states(visit: Visit, viewport: dict[str, int]) -> None:
    page = await visit("ada", viewport=viewport)
    await page.clock.install()
    room = await new_room(page)
    for words in ("first", "second", "third"):
        await say(page, words)
    await page.focus("#timeline")
    await page.keyboard.press("End")
    await expect(page.locator(".tools")).to_be_visible()
    await has_no_fault(page)
    await page.click("[popovertarget=message-menu]")
    await expect(page.locator("#message-menu")).to_be_visible()
    await has_no_fault(page)
    await page.keyboard.press("Escape")
    await page.focus("#m3")
    await page.keyboard.press("r")
    await expect(page.locator("#replying")).to_be_visible()
    await page.fill("#message", "an answer")
    await has_no_fault(page)
    await page.keyboard.press("Enter")
    await expect(page.locator(".quote .by")).to_have_text("Ada Okafor")
    await page.focus("#m2")
    await page.keyboard.press("Delete")
    await expect(page.locator("[data-undo]")).to_be_visible()
    await page.focus("#m1")
    await page.keyboard.press("e")
    await expect(page.locator(".editor textarea")).to_be_focused()
    await has_no_fault(page)
    for path in ("1", "1/edit", "1/delete", "1/history"):
        await page.goto(f"/rooms/{room}/{path}")
        await has_no_fault(page)
