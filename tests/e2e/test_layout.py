"""What a page keeps in its place: at a desk, on a phone, over a keyboard, on paper; in chosen colours and density."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.verbs import comes_true, goes_back, new_room, post_many, row, rows, say, submit
from tests.support.browser import NARROW
from tests.support.first_view import PAINTED
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

PHONE: Final[dict[str, Any]] = {"has_touch": True, "is_mobile": True, "viewport": NARROW}
# More than a screen of them.
ROOMS: Final = 24
LOG: Final = "document.getElementById('timeline')"
BACKGROUND: Final = "getComputedStyle(document.body).backgroundColor"
PLACES: Final = """() => ['#sidebar', '.roomhead', '#timeline', '#composer', '.members'].map(name => {
  const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
  return [x, y, width, height];
})"""
BEYOND: Final = """(({ scrollWidth, scrollHeight }) => [scrollWidth - innerWidth, scrollHeight - innerHeight])(
  document.documentElement)"""
# From the top of one message to that of the next, and one room of the list.
DISTANCES: Final = """() => {
  const [first, second, third] = [...document.querySelectorAll('.msg')].map(row => row.getBoundingClientRect().top);
  return [second - first, third - second, document.querySelector('#sidebar .room-link').offsetHeight];
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ours(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server of our own: what is unread counts, and what somebody chose stays."""
    running = Server(tmp_path_factory.mktemp("layout") / "data", LIMITS="off")
    for username in ("ada", "nora", "theo"):
        await running.add_person(username, display_name=username.title())
    await running.start()
    try:
        yield running
    finally:
        await running.kill()


async def test_the_list_has_rooms_and_people_and_marks_where_one_is(visit: Visit, ours: Server) -> None:
    ada = await visit("ada", to=ours, at="/people")
    await ada.click('form:has([value="nora"]) button')
    here = ada.locator("#sidebar [aria-current=page]")
    await expect(here).to_have_count(1)
    await expect(here).to_have_attribute("data-kind", "direct")
    await expect(here).to_contain_text("Nora")
    await ada.goto("/rooms/general")
    await expect(here).to_have_count(1)
    await expect(here).to_have_attribute("data-room", "general")


async def many_rooms(page: Page) -> None:
    own = {"Origin": page.url.partition("/rooms")[0]}
    post = page.context.request.post
    made = await asyncio.gather(
        *(post("/api/v1/rooms", data={"name": f"list {n:02}", "kind": "open"}, headers=own) for n in range(ROOMS))
    )
    assert {answer.status for answer in made} == {201}


async def test_on_a_phone_rooms_are_a_page_and_going_back_finds_it_as_it_was(visit: Visit, ours: Server) -> None:
    # Without a touch screen: Chromium ends the emulation of one while a page is left, and rows get lower.
    page = await visit("ada", to=ours, at="/rooms", viewport=NARROW, is_mobile=True)
    await many_rooms(page)
    await page.reload()
    link = page.locator(f".room-link[data-room=list-{ROOMS - 1:02}]")
    await link.scroll_into_view_if_needed()
    where = await page.evaluate("scrollY")
    assert where > 0
    await link.click()
    await page.wait_for_url(f"**/rooms/list-{ROOMS - 1:02}")
    await expect(page.locator("#sidebar")).to_be_hidden()
    await goes_back(page)
    await expect(link).to_be_in_viewport()
    await comes_true(page, f"Math.abs(scrollY - {where}) <= 1")
    await link.click()
    await page.click(".menu-btn")
    await page.wait_for_url("**/rooms")
    await expect(page.locator("#sidebar")).to_be_visible()
    await has_no_fault(page)


async def test_on_a_phone_a_button_says_how_much_is_unread_elsewhere(visit: Visit, ours: Server) -> None:
    ada = await visit("ada", to=ours)
    room = await new_room(ada, "nora")
    nora = await visit("nora", to=ours, at="/rooms/general", **PHONE)
    badge = nora.locator(".menu-btn #menu-unread")
    await expect(badge).to_be_hidden()
    await say(ada, "one")
    await say(ada, "two")
    await expect(badge).to_have_text("2 unread")
    await has_no_fault(nora)
    await nora.reload()
    await expect(badge).to_have_text("2 unread")
    await visit("nora", to=ours, at=f"/rooms/{room}")
    await expect(badge).to_be_hidden()


async def test_only_the_messages_scroll(visit: Visit, ours: Server) -> None:
    page = await visit("ada", to=ours)
    await new_room(page)
    await post_many(page, 60)
    await expect(row(page, "line 60.")).to_be_in_viewport()
    before = await page.evaluate(PLACES)
    await page.locator("#timeline").hover()
    end = await page.evaluate(f"{LOG}.scrollTop")
    await page.mouse.wheel(0, -500)
    await comes_true(page, f"{LOG}.scrollTop < {end}")
    assert await page.evaluate(PLACES) == before
    # Beyond the end too.
    await page.mouse.wheel(0, 5000)
    await comes_true(page, f"{LOG}.scrollTop >= {end}")
    assert await page.evaluate(PLACES) == before
    assert await page.evaluate("[scrollX, scrollY]") == [0, 0]


@WIDTHS
async def test_what_only_listeners_hear_does_not_make_the_window_longer(
    visit: Visit, ours: Server, viewport: dict[str, int]
) -> None:
    page = await visit("ada", to=ours, viewport={**viewport, "height": 240})
    for path in ("/people", "/settings/profile", "/rooms/general", "/rooms/general/settings", "/search?q=nothing"):
        await page.goto(path)
        assert await page.evaluate(BEYOND) == [0, 0], path


async def test_a_long_name_among_the_members_does_not_make_their_list_scroll_sideways(
    visit: Visit, ours: Server
) -> None:
    theo = (await visit("theo", to=ours)).context
    await submit(theo, "/settings/profile", at="/settings/profile", display_name="W" * 64, time_zone="")
    page = await visit("ada", to=ours, at="/rooms/general")
    assert await page.locator(".members").evaluate("list => list.scrollWidth - list.clientWidth") == 0
    await submit(theo, "/settings/profile", at="/settings/profile", display_name="Theo", time_zone="")


async def test_over_a_keyboard_on_the_screen_the_box_and_the_newest_stay_in_sight(visit: Visit, ours: Server) -> None:
    page = await visit("ada", to=ours, **PHONE)
    await new_room(page)
    await post_many(page, 30)
    await expect(row(page, "line 30.")).to_be_in_viewport()
    viewport = page.locator("meta[name=viewport]")
    await expect(viewport).to_have_attribute("content", re.compile("interactive-widget=resizes-content"))
    await page.tap("#message")
    # What that has a browser do.
    await page.set_viewport_size({"width": 390, "height": 420})
    await expect(page.locator("#composer")).to_be_in_viewport(ratio=1)
    await expect(row(page, "line 30.")).to_be_in_viewport()
    await expect(page.locator(".roomhead")).to_be_in_viewport(ratio=1)


async def test_a_name_too_long_for_the_box_fades_out_while_somebody_is_about_to_write(
    visit: Visit, ours: Server
) -> None:
    ada = await visit("ada", to=ours, at="/rooms/general", viewport=NARROW)
    mask = "getComputedStyle(document.getElementById('message')).maskImage"
    await ada.focus("#message")
    assert "gradient" in await ada.evaluate(mask)
    # At the end of the words, which is on the left where they are read from the right.
    assert "to right" in await ada.evaluate(mask)
    direction = "getComputedStyle(document.getElementById('message')).direction"
    await ada.evaluate("document.documentElement.dir = 'rtl'")
    assert "to left" in await ada.evaluate(mask)
    assert await ada.evaluate(direction) == "rtl"
    await ada.type("#message", "x")
    assert await ada.evaluate(mask) == "none"


async def test_light_and_dark_follow_the_system_also_while_a_page_is_open(visit: Visit, ours: Server) -> None:
    for who, path in (("", "/login"), ("ada", "/rooms/general")):
        page = await visit(who, to=ours, at=path, color_scheme="light")
        light = await page.evaluate(BACKGROUND)
        await page.emulate_media(color_scheme="dark")
        assert await page.evaluate(BACKGROUND) != light
        await page.emulate_media(color_scheme="light")
        assert await page.evaluate(BACKGROUND) == light


async def test_a_scrollbar_lies_on_the_colour_of_what_it_scrolls(visit: Visit, ours: Server) -> None:
    page = await visit("ada", to=ours, at="/rooms/general", color_scheme="dark")
    for place in ("document.documentElement", LOG):
        colours = await page.evaluate(f"getComputedStyle({place}).scrollbarColor")
        assert colours.endswith("rgba(0, 0, 0, 0)"), (place, colours)


async def test_the_first_thing_that_is_drawn_is_in_the_chosen_colours(visit: Visit, ours: Server) -> None:
    page = await visit("theo", to=ours, color_scheme="light", at="/rooms/general")
    light = await page.evaluate(BACKGROUND)
    await submit(page.context, "/settings/theme", at="/settings/appearance", theme="dark")
    held: list[Route] = []
    await page.route("**/static/**", lambda route: held.append(route))
    await page.goto("/rooms/general", wait_until="commit")
    await comes_true(page, PAINTED)
    first = await page.evaluate(BACKGROUND)
    assert first != light
    assert held
    await page.unroute_all()
    await page.reload()
    assert await page.evaluate(BACKGROUND) == first
    await submit(page.context, "/settings/theme", at="/settings/appearance", theme="system")


async def test_on_paper_there_are_messages_and_nothing_around_them(visit: Visit, ours: Server) -> None:
    page = await visit("ada", to=ours, color_scheme="light")
    await new_room(page, "nora")
    light = await page.evaluate(BACKGROUND)
    await page.emulate_media(color_scheme="dark")
    await post_many(page, 40)
    await expect(row(page, "line 40.")).to_be_visible()
    await page.hover("#m40")
    await page.emulate_media(media="print")
    for name in ("#sidebar", ".members", ".dock", ".roomhead-links", ".menu-btn", ".tools", ".act", ".skip"):
        assert await page.locator(name).evaluate_all("all => all.every(each => !each.checkVisibility())"), name
    await expect(page.locator(".roomhead h1")).to_be_visible()
    await expect(rows(page)).to_have_count(40)
    # Nothing of it is cut off, and no ink is spent on a dark ground.
    assert await page.evaluate(f"{LOG}.scrollHeight - {LOG}.clientHeight") == 0
    assert await page.evaluate("document.documentElement.scrollHeight > innerHeight")
    assert await page.evaluate(BACKGROUND) == light


@WIDTHS
async def test_where_somebody_wants_it_compact_more_fits(visit: Visit, ours: Server, viewport: dict[str, int]) -> None:
    page = await visit("theo", to=ours, viewport=viewport)
    room = await new_room(page)
    for words in ("one", "two", "three"):
        await say(page, words)
    wide = await page.evaluate(DISTANCES)
    await page.goto("/settings/appearance")
    await page.check("[name=density][value=compact]")
    await page.click("form[action='/settings/density'] button")
    await expect(page.locator("html")).to_have_attribute("data-density", "compact")
    try:
        await has_no_fault(page)
        await page.goto(f"/rooms/{room}")
        await expect(rows(page)).to_have_count(3)
        close = await page.evaluate(DISTANCES)
        assert all(less < more for less, more in zip(close, wide, strict=True) if more), (close, wide)
        await has_no_fault(page)
    finally:
        await submit(page.context, "/settings/density", at="/settings/appearance", density="comfortable")
