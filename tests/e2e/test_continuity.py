"""A room says up to which number it is complete, and what is missing from the page is shown until it is here."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from playwright.async_api import Locator, Page, WebSocketRoute, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import new_room, rows, say

Visit = Callable[..., Awaitable[Page]]

TO_TOP: Final = "log => { log.scrollTop = 0; }"


class Sieve:
    """The page's socket, from which the next frames with a word in them are lost on their way; the first that asks for
    messages may be refused."""

    def __init__(self) -> None:
        self.drops = ""
        self.refuses = ""
        self.asked: list[dict[str, Any]] = []

    async def hold(self, page: Page) -> None:
        await page.route_web_socket(re.compile("/ws$"), self._route)

    def _route(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            self.asked.append(frame)
            if self.refuses and frame["action"] in self.refuses:
                refused = {"code": "unavailable", "message": "Not now.", "status": 503}
                route.send(json.dumps({"ref": frame["ref"], "ok": False, "error": refused}))
            else:
                server.send(message)

        def pass_back(message: str | bytes) -> None:
            if not (self.drops and self.drops in str(message)):
                route.send(message)

        route.on_message(pass_on)
        server.on_message(pass_back)


def complete(page: Page) -> Locator:
    return page.locator("#complete")


def hole(page: Page) -> Locator:
    return page.locator("#timeline .hole")


async def numbers(page: Page) -> list[int]:
    found: list[int] = await rows(page).evaluate_all("rows => rows.map(row => Number(row.dataset.index))")
    return found


async def test_the_room_says_up_to_which_number_it_is_complete(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await expect(complete(ada)).to_be_hidden()
    await say(ada, "one")
    await expect(complete(ada)).to_have_text("Complete up to number 1", use_inner_text=True)
    await say(ada, "two")
    await expect(complete(ada)).to_have_text("Complete up to number 2", use_inner_text=True)
    await has_no_fault(ada)


async def test_a_lost_frame_leaves_a_hole_that_is_shown_and_filled(visit: Visit) -> None:
    ada, sieve = await visit("ada"), Sieve()
    room = await new_room(ada, "grace")
    await say(ada, "one")
    grace = await visit("grace")
    await sieve.hold(grace)
    await grace.goto(f"/rooms/{room}")
    await expect(complete(grace)).to_have_text("Complete up to number 1", use_inner_text=True)
    sieve.drops, sieve.refuses = "lost on the way", "subscribe getRecentMessages"
    await say(ada, "lost on the way")
    await say(ada, "also lost on the way")
    await say(ada, "four")
    await expect(hole(grace)).to_contain_text("2 messages are not loaded here (numbers 2–3). Loading them failed.")
    await expect(complete(grace)).to_have_text("Complete up to number 1 the newest is number 4", use_inner_text=True)
    assert await hole(grace).evaluate("hole => hole.previousElementSibling.id") == "m1"
    await has_no_fault(grace)
    sieve.drops = sieve.refuses = ""
    await hole(grace).get_by_text("Retry").click()
    await expect(hole(grace)).to_have_count(0)
    await expect(complete(grace)).to_have_text("Complete up to number 4", use_inner_text=True)
    assert await numbers(grace) == [1, 2, 3, 4]
