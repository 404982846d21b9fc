"""A room says up to which number it is complete, and what is missing from the page is shown until it is here."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Locator, Page, Route, WebSocketRoute, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import Wire, comes_true, new_room, post_many, row, rows, say
from tests.support.browser import NARROW
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

PART: Final = re.compile(r"Complete from number (\d+) up to number (\d+)")
CHECKED: Final = re.compile(r"last checked at \d{1,2}:\d\d")
# As much as a frame takes does not hold forty of them.
LONG: Final = "word " * 1_200


class Sieve:
    """The page's socket, on which some messages are lost on their way, and some questions refused."""

    def __init__(self) -> None:
        self.loses: set[int] = set()
        self.refuses = ""

    async def hold(self, page: Page) -> None:
        await page.route_web_socket(re.compile("/ws$"), self._route)

    def _route(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            if self.refuses and frame["action"] in self.refuses:
                refused = {"code": "unavailable", "message": "Not now.", "status": 503}
                route.send(json.dumps({"ref": frame["ref"], "ok": False, "error": refused}))
            else:
                server.send(message)

        def pass_back(message: str | bytes) -> None:
            frame = json.loads(message)
            found = frame.get("messages")
            if found and self.loses:
                frame["messages"] = [each for each in found if each["index"] not in self.loses]
            if not found or frame["messages"] or "ref" in frame:
                route.send(json.dumps(frame))

        route.on_message(pass_on)
        server.on_message(pass_back)


def complete(page: Page) -> Locator:
    return page.locator("#complete")


def hole(page: Page) -> Locator:
    return page.locator("#timeline .hole")


async def says(page: Page, text: str) -> None:
    """The line below the newest message, as it is seen."""
    await expect(complete(page)).to_have_text(text, use_inner_text=True)


async def numbers(page: Page) -> list[int]:
    found: list[int] = await rows(page).evaluate_all("rows => rows.map(row => Number(row.dataset.index))")
    return found


async def sifted(visit: Visit, room: str, at: str = "", **looks: Any) -> tuple[Page, Sieve]:
    grace, sieve = await visit("grace", **looks), Sieve()
    await sieve.hold(grace)
    await grace.goto(f"/rooms/{room}{at}")
    await expect(complete(grace)).not_to_have_text(CHECKED, use_inner_text=True)
    return grace, sieve


async def test_the_room_says_up_to_which_number_it_is_complete(visit: Visit) -> None:
    """Also in the other tab, and of what was deleted, which leaves no hole."""
    ada = await visit("ada")
    room = await new_room(ada)
    await expect(complete(ada)).to_be_hidden()
    await say(ada, "one")
    await says(ada, "Complete up to number 1")
    other = await ada.context.new_page()
    await other.goto(f"/rooms/{room}")
    await say(ada, "two")
    for page in (ada, other):
        await says(page, "Complete up to number 2")
    await row(ada, "two").hover()
    await ada.locator("[popovertarget=message-menu]").click()
    await ada.locator("#message-menu [data-do=delete]").click()
    for page in (ada, other):
        await expect(rows(page).nth(1)).to_have_class(re.compile("deleted"))
        await says(page, "Complete up to number 2")
    await has_no_fault(ada)


async def test_a_long_room_is_complete_from_where_the_page_begins(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await post_many(ada, 120)
    await ada.goto(f"/rooms/{room}")
    await says(ada, "Complete from number 71 up to number 120")
    await ada.evaluate("document.getElementById('timeline').scrollTop = 0")
    await expect(complete(ada)).to_have_text(re.compile("from number 21 "), use_inner_text=True)
    await ada.evaluate("document.getElementById('timeline').scrollTop = 0")
    await says(ada, "Complete up to number 120")


@pytest.mark.parametrize("looks", [{}, {"viewport": NARROW, "color_scheme": "dark"}], ids=["wide", "narrow, dark"])
async def test_a_lost_message_leaves_a_hole_that_is_shown_and_filled(visit: Visit, looks: dict[str, Any]) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "one")
    grace, sieve = await sifted(visit, room, **looks)
    await says(grace, "Complete up to number 1")
    sieve.loses, sieve.refuses = {2, 3}, "subscribe getRecentMessages"
    await post_many(ada, 3)
    await expect(hole(grace)).to_contain_text("2 messages are not loaded here (numbers 2–3). Loading them failed.")
    assert await hole(grace).evaluate("hole => hole.previousElementSibling.id") == "m1"
    await says(grace, "Complete up to number 1 the newest is number 4")
    await expect(row(grace, "line 3.")).to_have_class(re.compile(r"\bfirst\b"))
    await has_no_fault(grace)
    # Nothing past it counts as read.
    await expect(grace.locator(f'.room-link[data-room="{room}"]')).to_have_attribute("data-read", "1")
    sieve.loses, sieve.refuses = set(), ""
    await expect(hole(grace)).to_have_count(0)
    await says(grace, "Complete up to number 4")
    assert await numbers(grace) == [1, 2, 3, 4]
    await expect(grace.locator(f'.room-link[data-room="{room}"]')).to_have_attribute("data-read", "4")


async def test_a_hole_is_filled_by_its_link_and_the_focus_stays_in_the_log(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "one")
    grace, sieve = await sifted(visit, room)
    sieve.loses, sieve.refuses = {2, 3}, "subscribe getRecentMessages"
    await post_many(ada, 3)
    await expect(hole(grace)).to_contain_text("failed")
    link = hole(grace).get_by_role("link", name="Retry")
    assert (await link.get_attribute("href")) == f"/rooms/{room}?after=1"
    sieve.loses, sieve.refuses = set(), "subscribe"
    await link.press("Enter")
    await expect(hole(grace)).to_have_count(0)
    assert await numbers(grace) == [1, 2, 3, 4]
    await expect(grace.locator("#timeline")).to_be_focused()


async def test_what_the_server_does_not_have_is_said(visit: Visit) -> None:
    """And keeps nobody from reading on above."""
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 120)
    grace, sieve = await sifted(visit, room, "/100")
    sieve.loses = {121, 122}
    await post_many(ada, 3)
    await grace.locator("#pill").click()
    await expect(hole(grace)).to_contain_text(
        "2 messages are not loaded here (numbers 121–122). The server does not have"
    )
    await expect(row(grace, "line 3.").last).to_be_visible()
    await has_no_fault(grace)
    await grace.evaluate("document.getElementById('timeline').scrollTop = 0")
    await expect(complete(grace)).to_contain_text(re.compile("number 120"))
    sieve.loses = set()
    await grace.locator("#pill").click()
    await expect(hole(grace)).to_have_count(0)


async def test_a_linked_message_and_the_newest(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 400)
    grace, sieve = await sifted(visit, room)
    sieve.refuses = "getRecentMessages"
    await grace.goto(f"/rooms/{room}/200")
    shown = await numbers(grace)
    await expect(hole(grace)).to_contain_text(f"{400 - shown[-1]} messages are not loaded here")
    await says(grace, f"Complete from number {shown[0]} up to number {shown[-1]} the newest is number 400")
    await say(ada, "news")
    await expect(hole(grace)).to_contain_text(f"(numbers {shown[-1] + 1}–401)")
    await has_no_fault(grace)
    sieve.refuses = ""
    await grace.locator("#pill").click()
    await expect(row(grace, "news")).to_be_in_viewport()
    await expect(hole(grace)).to_have_count(0)
    await expect(complete(grace)).to_have_text(re.compile("up to number 401$"), use_inner_text=True)
    shown = await numbers(grace)
    assert shown == list(range(shown[0], 402))


async def test_after_a_long_absence_the_page_says_from_where_on_it_is_complete(visit: Visit, server: Server) -> None:
    ada, wire = await visit("ada"), Wire()
    room = await new_room(ada, "grace")
    await post_many(ada, 10)
    grace = await visit("grace")
    await wire.hold(grace)
    await grace.goto(f"/rooms/{room}")
    await says(grace, "Complete up to number 10")
    await wire.cut()
    await expect(complete(grace)).to_have_text(CHECKED, use_inner_text=True)
    own = {"Origin": server.url}
    for _ in range(60):
        answer = await ada.request.post(f"/api/v1/rooms/{room}/messages", data={"content": LONG}, headers=own)
        assert answer.ok
    wire.is_cut = False
    await grace.evaluate("dispatchEvent(new Event('online'))")
    await expect(complete(grace)).to_have_text(re.compile("up to number 70$"), use_inner_text=True)
    first = (await numbers(grace))[0]
    assert first > 11
    await says(grace, f"Complete from number {first} up to number 70")
    await expect(hole(grace)).to_contain_text(f"{first - 11} messages are not loaded here (numbers 11–{first - 1}).")
    assert await hole(grace).get_by_role("link").get_attribute("href") == f"/rooms/{room}?before={first}"
    await has_no_fault(grace)
    for _ in range(8):
        await grace.evaluate("document.getElementById('timeline').scrollTop = 0")
        if await grace.locator("#beginning").is_visible():
            break
        await expect(rows(grace).first).not_to_have_id(f"m{first}")
        first = (await numbers(grace))[0]
    await says(grace, "Complete up to number 70")
    await expect(hole(grace)).to_have_count(0)
    assert await numbers(grace) == list(range(1, 71))


async def test_a_page_that_never_connects_says_when_it_was_so(visit: Visit) -> None:
    ada, wire = await visit("ada"), Wire()
    room = await new_room(ada)
    await say(ada, "one")
    wire.is_silent = True
    await wire.hold(ada)
    await ada.goto(f"/rooms/{room}")
    await expect(ada.locator("#banner")).to_be_visible()
    await expect(complete(ada)).to_have_text(
        re.compile(f"^Complete up to number 1 {CHECKED.pattern}"), use_inner_text=True
    )


async def test_without_scripts_the_page_says_it_too(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 120)
    grace = await visit("grace", at=f"/rooms/{room}/60", java_script_enabled=False)
    said = await complete(grace).inner_text()
    found = PART.match(said)
    assert found, said
    shown = await numbers(grace)
    assert [int(found[1]), int(found[2])] == [shown[0], shown[-1]]
    assert "the newest is number 120" in said
    assert CHECKED.search(said)
    await grace.click("#newer")
    await expect(complete(grace)).to_contain_text("up to number 120")


async def test_a_kill_leaves_no_hole(visit: Visit, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    await server.add_person("ada", display_name="Ada Okafor", is_admin=True)
    await server.start()
    try:
        page = await visit("ada", to=server, at="/rooms/general")
        await post_many(page, 5)
        await says(page, "Complete up to number 5")
        await server.kill()
        await expect(complete(page)).to_have_text(CHECKED, use_inner_text=True)
        await server.start()
        await says(page, "Complete up to number 5")
        await say(page, "and on")
        await says(page, "Complete up to number 6")
    finally:
        await server.kill()


async def test_what_brings_the_missing_is_fetched_again_when_it_did_not_come(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await post_many(ada, 120)
    tried: list[str] = []

    async def fail_once(route: Route) -> None:
        tried.append(route.request.url)
        await (route.abort() if len(tried) == 1 else route.continue_())

    await ada.route("**/continuity.js*", fail_once)
    await ada.goto(f"/rooms/{room}")
    # Scripts that come later lead to the newest message.
    await comes_true(ada, "document.getElementById('older').tabIndex === -1")
    await ada.evaluate("document.getElementById('timeline').scrollTop = 0")
    await expect(row(ada, "line 40.")).to_have_count(1)
    assert len(tried) == 2
