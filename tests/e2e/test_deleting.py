"""What becomes of a deletion that others, or a broken line, come between."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Locator, Page, WebSocketRoute, expect

from tests.e2e.verbs import Wire, new_room, row, rows, say

Visit = Callable[..., Awaitable[Page]]

# More than the seconds in which it can be undone, and than those in which it is told.
LATER_MS: Final = 8_000


async def deletes(page: Page, message: Locator) -> None:
    await message.focus()
    await page.keyboard.press("Delete")
    await expect(message.locator("[data-undo]")).to_be_visible()


async def test_what_somebody_else_deletes_meanwhile_is_deleted_and_nothing_is_complained_of(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "mine")
    await say(grace, "another")
    await grace.clock.install()
    await deletes(grace, rows(grace).first)
    own = {"Origin": "/".join(ada.url.split("/")[:3])}
    answer = await ada.context.request.delete(f"/api/v1/rooms/{room}/messages/1", headers=own)
    assert answer.ok
    await expect(rows(grace).first).to_have_class(re.compile("deleted"))
    await grace.evaluate(
        """() => {
          const { send } = WebSocket.prototype;
          window.asked = [];
          WebSocket.prototype.send = function (data) { asked.push(data); send.call(this, data); };
        }"""
    )
    await grace.clock.run_for(LATER_MS)
    await say(grace, "later")
    await expect(rows(grace).first.locator(".state")).to_be_hidden()
    assert not await grace.evaluate("asked.filter(frame => frame.includes('deleteMessage')).length")


async def test_what_may_be_deleted_already_is_not_said_to_be_kept(visit: Visit) -> None:
    """The server deletes, and the line breaks before it says so."""
    routes: list[WebSocketRoute] = []
    is_cut = False

    def line(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        routes.append(route)

        async def back(data: str | bytes) -> None:
            nonlocal is_cut
            if '"deleted":true' in str(data) and not is_cut:
                is_cut = True
                await route.close(code=1011)
            elif not is_cut or route is not routes[0]:
                route.send(data)

        server.on_message(back)

    ada = await visit("ada")
    await ada.route_web_socket(re.compile("/ws$"), line)
    await new_room(ada)
    await say(ada, "mine")
    await say(ada, "another")
    mine = rows(ada).first
    await ada.clock.install()
    await deletes(ada, mine)
    await ada.clock.run_for(LATER_MS - 2_500)
    await expect(mine.locator("[data-undo]")).to_be_disabled()
    await expect(ada.locator("#banner")).to_be_hidden()
    for _ in range(20):
        await expect(mine.locator("[data-undo]:enabled")).to_have_count(0)
        await ada.clock.run_for(200)
    await expect(mine).to_have_class(re.compile("deleted"))
    await expect(mine.locator(".state")).to_be_hidden()
    await say(ada, "later")
    await expect(row(ada, "later")).to_have_attribute("data-index", "3")


async def test_a_deletion_that_is_on_its_way_cannot_be_undone(visit: Visit) -> None:
    ada, wire = await visit("ada"), Wire()
    await ada.clock.install()
    await wire.hold(ada)
    await new_room(ada)
    await deletes(ada, gone := await say(ada, "to be gone"))
    await ada.focus("#message")
    wire.swallows = "deleteMessage"
    await ada.clock.fast_forward(5_000)
    await expect(gone.locator("[data-undo]")).to_be_disabled()
    # Nobody knows whether it has arrived: it is told again.
    wire.swallows = None
    await ada.clock.fast_forward(10_000)
    await expect(gone.locator("[data-undo]")).to_be_disabled()
    await ada.clock.fast_forward(2_000)
    await expect(ada.locator(".msg.deleted")).to_have_count(1)
