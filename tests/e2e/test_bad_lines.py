"""Lines as on a train: slow, cut in the middle of an answer, and with somebody between who answers in our place."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.e2e.verbs import Wire, hold, new_room, post_many, row, rows, say, say_into_the_void
from tests.support.house import until

Visit = Callable[..., Awaitable[Page]]

WS: Final = re.compile("/ws$")
APP: Final = re.compile(r"/js/app\.js$")
ME: Final = re.compile(r"/api/v1/me$")
COUNTDOWN: Final = re.compile(r"in \d{1,2} s$")
# That of a network which wants to be agreed with first.
PORTAL: Final = "<!doctype html><title>Wi-Fi</title><h1>Welcome on board</h1>"
DAY: Final = timedelta(days=1)


async def hasten(page: Page, **limits: str) -> None:
    """Have some numbers of the interface be others, so that nobody waits for them."""

    async def alters(route: Route) -> None:
        answer = await route.fetch()
        text = await answer.text()
        for name, value in limits.items():
            text, count = re.subn(rf"\b{name}: (Object.freeze\(.*?\)|[\d_ *]+),", f"{name}: {value},", text, count=1)
            assert count == 1, name
        await route.fulfill(response=answer, body=text)

    await page.route(APP, alters)


async def comes_back(page: Page, wire: Wire) -> None:
    wire.is_cut = False
    await page.click("#banner-try")
    await expect(page.locator("#banner")).to_be_hidden()


async def test_who_answers_in_the_servers_place_signs_nobody_out(visit: Visit) -> None:
    ada = await visit("ada")
    wire, asked = Wire(), 0
    await wire.hold(ada)
    room = await new_room(ada)
    await say(ada, "still here")

    async def refuses(route: Route) -> None:
        nonlocal asked
        status = (401, 403)[asked % 2]
        await route.fulfill(status=status, content_type="text/html", body=PORTAL)
        asked += 1

    await ada.route(ME, refuses)
    await wire.cut()
    await expect(ada.locator("#banner")).to_be_visible()
    for _ in range(3):
        async with ada.expect_response(ME):
            await ada.click("#banner-try")
    await comes_back(ada, wire)
    await expect(ada).to_have_url(re.compile(f"/rooms/{room}$"))
    await expect(row(ada, "still here")).to_be_visible()


async def test_what_a_dead_line_was_asked_does_not_pile_up(visit: Visit) -> None:
    """A browser has six lines to a server: whoever holds them leaves nothing for files and pictures."""
    ada = await visit("ada")
    await hasten(ada, answer="300")
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    given_up: list[str] = []
    ada.on("requestfailed", lambda request: given_up.append(request.url))
    arrives = await hold(ada, ME)
    await wire.cut()
    await until(lambda: any(ME.search(url) for url in given_up))
    arrives.set()


async def test_a_line_on_which_the_greeting_takes_long_is_waited_for_longer_each_time(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.clock.install()
    sockets: list[tuple[WebSocketRoute, list[str | bytes]]] = []

    def waits(route: WebSocketRoute) -> None:
        held: list[str | bytes] = []
        sockets.append((route, held))
        route.connect_to_server().on_message(lambda data: held.append(data))

    room = await new_room(ada)
    await ada.route_web_socket(WS, waits)
    await ada.goto(f"/rooms/{room}", wait_until="load")
    await until(lambda: bool(sockets and sockets[0][1]))
    await ada.clock.fast_forward(10_000)
    await ada.clock.fast_forward(2_000)
    await until(lambda: len(sockets) == 2 and bool(sockets[1][1]))
    await ada.clock.fast_forward(15_000)
    await expect(ada.locator("#banner")).to_be_visible()
    route, held = sockets[1]
    route.send(held[0])
    await expect(ada.locator("#banner")).to_be_hidden()


class Narrow:
    """A line that breaks under an answer with more than ``most`` messages, as one does that takes a minute for it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.broke = 0

    async def hold(self, page: Page) -> None:
        await page.route_web_socket(WS, self._route)

    def _route(self, route: WebSocketRoute) -> None:
        async def passes_back(data: str | bytes) -> None:
            if len(json.loads(data).get("messages", [])) > self.most:
                self.broke += 1
                await route.close(code=1011)
            else:
                route.send(data)

        server = route.connect_to_server()
        route.on_message(server.send)
        server.on_message(passes_back)


async def test_a_line_too_slow_for_all_that_was_missed_brings_it_in_parts(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "before the tunnel")
    grace = await visit("grace")
    line = Narrow(100)
    await hasten(grace, retrySeconds="[0.2]")
    await line.hold(grace)
    await grace.goto(f"/rooms/{room}")
    await expect(complete(grace)).to_have_text(re.compile("up to number 1$"), use_inner_text=True)
    line.most = 14
    await grace.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")  # nothing is heard from here on
    await post_many(ada, 60)
    await say(ada, "the newest")
    await grace.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(row(grace, "the newest")).to_be_in_viewport()
    assert line.broke >= 2
    while (shown := await rows(grace).count()) < 62:
        await grace.evaluate("document.getElementById('timeline').scrollTop = 0")
        await expect(rows(grace)).not_to_have_count(shown)
    await expect(complete(grace)).to_have_text(re.compile("Complete up to number 62$"), use_inner_text=True)
    # Who reads far up stays there, and sees what was done to that.
    await (first := grace.locator("#m1")).focus()
    await grace.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    own = {"Origin": "/".join(ada.url.split("/")[:3])}
    address, change = f"/api/v1/rooms/{room}/messages/1", {"content": "changed"}
    assert (await ada.request.patch(address, data=change, headers=own)).ok
    await post_many(ada, 60)
    await say(ada, "the very newest")
    await grace.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(complete(grace)).to_have_text(re.compile("the newest is number 123$"), use_inner_text=True)
    await expect(first).to_have_text(re.compile("changed"))
    await expect(first).to_be_focused()
    await expect(first).to_be_in_viewport()
    # Who goes to the newest gets there, also where the line breaks on the way.
    line.most = line.broke = 0
    await grace.locator("#pill").click()
    await until(lambda: bool(line.broke))
    line.most = 100
    await expect(row(grace, "the very newest")).to_be_in_viewport()


def complete(page: Page) -> Any:
    return page.locator("#complete")


async def test_what_was_not_answered_goes_by_itself_with_the_next_connection(visit: Visit) -> None:
    """To whom it happens it is all the same whether the page had noticed by then that the line was dead."""
    ada = await visit("ada")
    await ada.clock.install()
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    wire.swallows = "sendMessage"
    written = await say_into_the_void(ada, "from the tunnel")
    await expect(written).to_contain_text("It goes out when the connection is back.")
    wire.swallows = None
    await wire.cut()
    await ada.clock.fast_forward(3_000)
    await comes_back(ada, wire)
    await expect(written).to_have_attribute("data-index", "2")
    await expect(row(ada, "from the tunnel")).to_have_count(1)


async def test_a_room_that_was_not_heard_since_was_not_checked_since(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.clock.install()
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    await expect(complete(ada)).to_have_text(re.compile("up to number 1$"), use_inner_text=True)
    await wire.cut()
    await expect(complete(ada)).to_contain_text("last checked at")
    checked = await complete(ada).inner_text()
    await ada.clock.fast_forward("30:00")
    wire.swallows = '"subscribe"'
    await comes_back(ada, wire)
    await until(lambda: bool(wire.swallowed))
    await wire.cut()
    await expect(ada.locator("#banner")).to_be_visible()
    assert await complete(ada).inner_text() == checked


async def test_a_clock_that_is_set_right_meanwhile_counts_no_days_until_the_next_try(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.clock.install()
    wire = Wire()
    await hasten(ada, retrySeconds="[60]")
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    await wire.cut()
    await ada.clock.fast_forward(2_000)
    await expect(ada.locator("#banner-text")).to_contain_text(COUNTDOWN)
    await ada.clock.set_system_time(datetime.now(UTC) - DAY)
    before = await ada.locator("#banner-text").inner_text()
    await expect(ada.locator("#banner-text")).not_to_have_text(before)
    await expect(ada.locator("#banner-text")).to_contain_text(COUNTDOWN)


async def test_a_page_that_has_never_been_connected_says_when_it_is_tried_again(visit: Visit) -> None:
    ada = await visit("ada")
    await hasten(ada, retrySeconds="[60]")
    wire = Wire()
    wire.is_cut = True
    room = await new_room(ada)
    await wire.hold(ada)
    await ada.goto(f"/rooms/{room}")
    await expect(ada.locator("#banner-text")).to_have_text(re.compile(r"^Connection lost\. Reconnecting in \d\d s$"))
    await comes_back(ada, wire)


async def test_a_try_that_hangs_in_a_dead_network_ends_with_it(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.clock.install()
    room = await new_room(ada)
    sockets: list[WebSocketRoute] = []

    def hangs_twice(route: WebSocketRoute) -> None:
        sockets.append(route)
        if len(sockets) > 2:
            route.connect_to_server()

    await ada.route_web_socket(WS, hangs_twice)
    await ada.goto(f"/rooms/{room}", wait_until="load")
    await until(lambda: len(sockets) == 1)
    await ada.evaluate("dispatchEvent(new Event('online'))")
    # Far sooner than it is given up.
    await until(lambda: len(sockets) == 2, seconds=5)
    await ada.clock.fast_forward(4_000)
    # Whoever is impatient ends none that may still come.
    await ada.click("#banner-try")
    await ada.clock.fast_forward(2_000)
    assert len(sockets) == 2
    await ada.click("#banner-try")
    await expect(ada.locator("#banner")).to_be_hidden()
    assert len(sockets) == 3
