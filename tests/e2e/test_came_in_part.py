"""Pages that came in part only: they say so, keep what is typed, and fetch the rest until it is there."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.test_bad_lines import APP, PORTAL, hasten
from tests.e2e.verbs import NOTES, attach, new_room, row, say
from tests.support.pictures import picture

Visit = Callable[..., Awaitable[Page]]


@pytest.mark.parametrize("lost", ["socket", "composer", "outbox"])
async def test_a_page_that_came_in_part_says_so_and_is_whole_when_the_rest_comes(visit: Visit, lost: str) -> None:
    """Also where somebody answers with a page of their own for each script."""
    ada = await visit("ada")
    await hasten(ada, again="50")
    room = await new_room(ada)
    lacking = re.compile(rf"/js/{lost}\.js$")
    tries: list[Route] = []

    async def agrees_first(route: Route) -> None:
        tries.append(route)
        await route.fulfill(content_type="text/html", body=PORTAL)

    await ada.route(lacking, agrees_first)
    await ada.goto(f"/rooms/{room}", wait_until="load")
    banner = ada.locator("#banner")
    await expect(banner).to_contain_text("Part of this page has not arrived yet.")
    await has_no_fault(ada)
    await ada.fill("#message", "typed meanwhile")
    await ada.press("#message", "Enter")
    await ada.unroute(lacking)
    await expect(row(ada, "typed meanwhile")).to_have_attribute("data-index", "1")
    await expect(banner).to_be_hidden()


async def test_a_page_whose_first_script_is_lost_says_that_nothing_comes_by_itself(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await ada.route(APP, lambda route: route.fulfill(content_type="text/html", body=PORTAL))
    await ada.goto(f"/rooms/{room}", wait_until="load")
    told = ada.locator("#unstarted")
    await expect(told).to_be_hidden()
    await ada.evaluate("document.getAnimations().forEach(each => each.finish())")
    await expect(told).to_contain_text("New messages do not appear by themselves")
    await has_no_fault(ada)
    await ada.unroute(APP)
    await told.get_by_role("link", name="Reload").click()
    await expect(told).to_have_count(0)


async def test_what_is_typed_on_a_page_that_came_in_part_is_there_on_the_next(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    lacking = re.compile(r"/js/socket\.js$")
    await ada.route(lacking, lambda route: route.abort())
    await ada.goto(f"/rooms/{room}", wait_until="load")
    await expect(ada.locator("#banner")).to_be_visible()
    await ada.fill("#message", "half a thought")
    await ada.click("#banner-try")
    await expect(ada.locator("#message")).to_have_value("")
    await expect(ada.locator("#banner")).to_be_visible()
    await ada.fill("#message", "and more")
    await ada.unroute(lacking)
    await ada.click("#banner-try")
    await expect(ada.locator("#message")).to_have_value("half a thought\nand more")
    await say(ada, "second thoughts")


async def test_what_does_not_come_is_asked_for_less_and_less_often(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.clock.install()
    await ada.reload()
    lacking, tries = re.compile(r"/js/files\.js"), 0

    async def is_lost(route: Route) -> None:
        nonlocal tries
        tries += 1
        await route.abort()

    await ada.route(lacking, is_lost)
    await attach(ada, NOTES)
    for _ in range(60):
        await ada.clock.fast_forward(1_000)
        await ada.evaluate("fetch('/ping').then(answer => answer.ok)")
    assert 3 <= tries <= 8
    await ada.unroute(lacking)
    await ada.clock.fast_forward(31_000)
    await expect(ada.locator(".chosen .file-about")).to_have_text("TXT, 5 B")


async def test_a_picture_is_opened_as_a_link_where_what_shows_it_large_is_lost(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await attach(ada, FilePayload(name="sea.png", mimeType="image/png", buffer=picture(640, 480)))
    await expect(ada.locator(".chosen .file-about")).to_contain_text("PNG")
    await ada.press("#message", "Enter")
    shown = ada.locator("#timeline .msg[data-index] a.picture")
    address = await shown.get_attribute("href") or ""
    await ada.route(re.compile(r"/js/lightbox\.js"), lambda route: route.abort())
    # The browser's own page of a picture has styles that its policy forbids.
    await ada.route(re.compile(f"{re.escape(address)}$"), lambda route: route.fulfill(status=204))
    async with ada.expect_request(lambda request: request.is_navigation_request()):
        await shown.click()


async def test_an_answer_of_somebody_else_about_the_rooms_is_no_fault_of_the_page(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await ada.route(re.compile("/api/v1/rooms$"), lambda route: route.fulfill(content_type="text/html", body=PORTAL))
    async with ada.expect_response(re.compile("/api/v1/rooms$")):
        await ada.goto(f"/rooms/{room}")
    await say(ada, "still here")
