"""A page that is older than the server it talks to: it may be loaded anew, where nobody loses anything by that."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Page, WebSocketRoute, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.test_bad_lines import hasten
from tests.e2e.test_connection import HIDE
from tests.e2e.verbs import NOTES, Wire, attach, new_room, rows, say, submit
from tests.support.house import until

Visit = Callable[..., Awaitable[Page]]
WS: Final = re.compile("/ws$")


def as_newer(data: str | bytes) -> str:
    return re.sub(r'"server":"[^"]*"', '"server":"9.9.9"', str(data))


def newer(route: WebSocketRoute) -> None:
    server = route.connect_to_server()
    server.on_message(lambda data: route.send(as_newer(data)))


async def test_a_newer_server_offers_to_load_the_page_anew_and_never_while_somebody_writes(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await ada.route_web_socket(WS, newer)
    await ada.goto(f"/rooms/{room}")
    await expect(ada.locator("#banner-text")).to_have_text("A newer version of this page is ready.")
    await has_no_fault(ada)
    await ada.evaluate("window.isOld = true")
    await ada.fill("#message", "half a thought")
    await ada.evaluate(HIDE)
    assert await ada.evaluate("window.isOld")
    await ada.fill("#message", "")
    async with ada.expect_event("load"):
        await ada.evaluate(HIDE)
    assert not await ada.evaluate("window.isOld")
    await expect(ada.locator("#banner-try")).to_have_text("Reload")
    async with ada.expect_event("load"):
        await ada.click("#banner-try")


async def test_a_page_with_files_that_were_chosen_stays(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await ada.route_web_socket(WS, newer)
    await ada.goto(f"/rooms/{room}")
    await expect(ada.locator("#banner-text")).to_have_text("A newer version of this page is ready.")
    await attach(ada, NOTES)
    await expect(ada.locator(".chosen .file-about")).to_have_text("TXT, 5 B")
    await ada.evaluate(HIDE)
    assert await ada.evaluate("fetch('/ping').then(answer => answer.ok)")
    await ada.fill("#message", "here it is")
    await ada.press("#message", "Enter")
    await expect(ada.locator("#timeline .msg[data-index] .file-name")).to_have_text("notes.txt")


async def test_a_page_with_a_form_stays(visit: Visit) -> None:
    ada = await visit("ada")
    greeted: list[str] = []

    def greets(route: WebSocketRoute) -> None:
        def passes_on(data: str | bytes) -> None:
            route.send(as_newer(data))
            greeted.append(str(data))

        route.connect_to_server().on_message(passes_on)

    await ada.route_web_socket(WS, greets)
    await ada.goto("/settings/profile")
    await ada.fill("[name=display_name]", "Ada O.")
    await ada.evaluate("window.isOld = true")
    await until(lambda: bool(greeted))
    await ada.evaluate(HIDE)
    # A page that is being loaded anew answers no more.
    assert await ada.evaluate("fetch('/ping').then(() => window.isOld)")
    assert await ada.input_value("[name=display_name]") == "Ada O."


async def test_a_page_whose_language_is_no_longer_wanted_may_be_loaded_anew(visit: Visit) -> None:
    lin = await visit("lin")
    room = await new_room(lin)
    await expect(lin.locator("#message")).to_be_focused()
    await submit(lin.context, "/language", at="/settings/profile", language="zh-Hans", next="/")
    await new_room(await lin.context.new_page())  # the list is drawn anew
    await expect(lin.locator("#banner-text")).to_have_text("A newer version of this page is ready.")
    await lin.click("#banner-try")
    await expect(lin.locator("html")).to_have_attribute("lang", "zh-Hans")
    await expect(lin.locator(f'[data-room="{room}"]')).to_have_attribute("aria-current", "page")


async def test_who_is_called_otherwise_from_now_on_is_so_in_every_tab(visit: Visit) -> None:
    lin, wire = await visit("lin"), Wire()
    await hasten(lin, refreshNames="10")
    await wire.hold(lin)
    await new_room(lin)
    await say(lin, "before")
    await submit(lin.context, "/settings/profile", at="/settings/profile", display_name="Lin X", time_zone="")
    await expect(lin.locator(".me-button .n")).to_have_text("Lin X")
    wire.is_silent = True
    await lin.fill("#message", "after")
    await lin.press("#message", "Enter")
    await expect(rows(lin).locator(".who")).to_have_text(["Lin X", "Lin X"])
