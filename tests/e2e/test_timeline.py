"""The list of messages: days, times, its two ends, how much of it is in the page, and what is copied out of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.e2e.verbs import comes_true, distance_to_end, new_room, post_many, row, rows, say, top_of
from tests.support.first_view import SHIFTS
from tests.support.pictures import picture

Visit = Callable[..., Awaitable[Page]]

MOST_ROWS: Final = 320
CLIPBOARD: Final = ["clipboard-read", "clipboard-write"]
SEE: Final = """isSeen => {
  Object.defineProperty(document, 'visibilityState', { get: () => isSeen ? 'visible' : 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


async def test_a_day_begins_where_it_does_for_the_reader(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await say(ada, "first")
    await say(ada, "second")
    for zone, days in (("UTC", ["Thursday, March 5"]), ("Asia/Shanghai", ["Thursday, March 5", "Friday, March 6"])):
        page = await visit("ada", timezone_id=zone, locale="en-GB")
        await page.route(f"**/rooms/{room}", _in_the_past)
        await page.goto(f"/rooms/{room}")
        await expect(page.locator("#message")).to_be_focused()
        await expect(page.locator(".day")).to_contain_text(days)
        await expect(row(page, "second").locator(".ts time")).to_have_text("17:00" if zone == "UTC" else "01:00")


async def test_a_machine_that_slept_over_midnight_says_yesterday_when_somebody_is_back(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.clock.install()
    await new_room(ada)
    await say(ada, "in the evening")
    await expect(ada.locator(".day")).to_have_text("Today")
    await ada.clock.set_system_time(datetime.now(UTC) + timedelta(days=1))  # its timers have slept too
    await ada.evaluate("dispatchEvent(new Event('focus'))")
    await expect(ada.locator(".day")).to_have_text("Yesterday")


async def _in_the_past(route: Route) -> None:
    """The page, as if its two messages had been said at 15:00 and 17:00 UTC of a day in March."""
    answer = await route.fetch()
    hours = iter((15, 17))
    text = re.sub(
        r'data-at="[^"]+"',
        lambda _: f'data-at="2026-03-05T{next(hours, 0):02}:00:00.000Z"',
        await answer.text(),
        count=2,
    )
    await route.fulfill(response=answer, body=text)


async def test_a_time_says_when_exactly_to_machines_and_people(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    for _ in range(2):
        written = await say(page, "when?")
        moment = written.locator(".hd time")
        await expect(moment).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"))
        await expect(moment).to_have_attribute("title", re.compile(r" \d{4}, \d?\d:\d\d\s[AP]M UTC$"))
        await new_room(page)


async def test_at_the_very_top_older_messages_move_nothing_and_the_beginning_ends_it(visit: Visit) -> None:
    page = await visit("ada")
    room = await new_room(page)
    await post_many(page, 120)
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    await page.goto(f"/rooms/{room}")
    await expect(row(page, "line 120.")).to_be_in_viewport()
    before = await row(page, "line 71.").evaluate(
        """row => { document.getElementById('timeline').scrollTop = 0; return row.getBoundingClientRect().top; }"""
    )
    await expect(row(page, "line 60.")).to_have_count(1)
    assert abs(await top_of(page, "line 71.") - before) <= 2
    while not await page.locator("#beginning").is_visible():
        await page.evaluate("document.getElementById('timeline').scrollTop = 0")
    asked = sum("getRecentMessages" in frame for frame in sent)
    for _ in range(3):
        await page.evaluate("document.getElementById('timeline').scrollTop = 100")
        await page.evaluate("document.getElementById('timeline').scrollTop = 0")
        await page.evaluate("new Promise(requestAnimationFrame)")
    assert sum("getRecentMessages" in frame for frame in sent) == asked


async def test_never_more_than_so_many_rows_are_in_the_page(visit: Visit) -> None:
    page = await visit("ada")
    room = await new_room(page)
    await post_many(page, 600)
    await page.goto(f"/rooms/{room}")
    await expect(row(page, "line 600.")).to_be_in_viewport()
    while not await page.locator("#beginning").is_visible():
        await page.evaluate("document.getElementById('timeline').scrollTop = 0")
        assert await rows(page).count() <= MOST_ROWS
    await expect(row(page, "line 600.")).to_have_count(0)
    await page.click("#pill")
    await expect(row(page, "line 600.")).to_be_in_viewport()
    assert await distance_to_end(page) <= 2


async def test_a_link_to_a_message_opens_around_it_and_puts_the_focus_there(visit: Visit) -> None:
    page = await visit("ada")
    room = await new_room(page)
    await post_many(page, 200)
    await page.goto(f"/rooms/{room}/100")
    target = page.locator("#m100")
    await expect(target).to_be_focused()
    await expect(target).to_be_in_viewport()
    await expect(target.locator(".tools")).to_be_visible()
    for index in range(80, 121):
        await expect(page.locator(f"#m{index}")).to_have_count(1)
    await page.get_by_role("button", name="Jump to the newest").click()
    await expect(row(page, "line 200.")).to_be_in_viewport()


async def test_what_is_told_twice_and_late_is_shown_once(visit: Visit) -> None:
    ada, grace = await visit("ada"), await visit("grace")
    room = await new_room(ada, "grace")
    heard: list[str] = []

    def twice(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_message(server.send)

        def pass_back(frame: str | bytes) -> None:
            # All that was told before, again, after what is told now.
            heard.append(str(frame))
            for each in (frame, *(old for old in heard if json.loads(old).get("event") == "messages")):
                route.send(each)

        server.on_message(pass_back)

    await grace.route_web_socket(re.compile("/ws$"), twice)
    await grace.goto(f"/rooms/{room}")
    await expect(grace.locator("#message")).to_be_focused()
    for text in ("one", "two", "three"):
        await say(ada, text)
    await expect(row(grace, "three")).to_have_count(1)
    assert await rows(grace).evaluate_all("all => all.map(each => each.dataset.index)") == ["1", "2", "3"]
    assert sum('"three"' in frame for frame in heard) == 1


async def test_pictures_that_come_late_move_nothing(visit: Visit) -> None:
    page = await visit("ada")
    room = await new_room(page)
    own = {"Origin": page.url.partition("/rooms")[0]}
    post = page.context.request.post
    for n in range(4):
        upload = f"/api/v1/files?room={room}&name={n}.png"
        made = await post(
            upload, data=picture(400, 300 + n), headers={**own, "Content-Type": "application/octet-stream"}
        )
        await post(
            f"/api/v1/rooms/{room}/messages",
            data={"content": f"n {n}", "attachments": [(await made.json())["id"]]},
            headers=own,
        )
    may_come = asyncio.Event()

    async def late(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await page.add_init_script(SHIFTS)
    await page.route("**/thumbnails/*", late)
    await page.goto(f"/rooms/{room}")
    await expect(page.locator("#message")).to_be_focused()
    await expect(row(page, "n 3")).to_be_in_viewport()
    before = await top_of(page, "n 3")
    await comes_true(page, "document.querySelectorAll('.picture img').length === 4")
    may_come.set()
    seen = "[...document.querySelectorAll('.picture img')].some(each => each.naturalWidth > 0)"
    await comes_true(page, seen)
    assert abs(await top_of(page, "n 3") - before) <= 2
    assert sum(value for value, _ in await page.evaluate("window.__shifts")) < 0.02


async def test_several_messages_are_copied_with_names_and_times(visit: Visit) -> None:
    page = await visit("ada", permissions=CLIPBOARD, locale="en-GB")
    grace = await visit("grace")
    room = await new_room(page, "grace")
    await grace.goto(f"/rooms/{room}")
    await page.fill("#message", "**One** of three")
    await page.press("#message", "Enter")
    await expect(row(page, "One of three")).to_have_attribute("data-index", "1")
    await say(page, "Two of three")
    await say(grace, "Three of three")
    await expect(row(page, "Three of three")).to_have_count(1)
    await row(page, "Three of three").hover()
    await expect(page.locator(".tools")).to_be_visible()
    for choose, first in (
        ("getSelection().selectAllChildren(document.getElementById('timeline'))", "One of three"),
        (
            """(() => {
              const [start, end] = ['#m1 .bd strong', '#m3 .bd'].map((each) => document.querySelector(each));
              getSelection().setBaseAndExtent(start.firstChild, 1, end, end.childNodes.length);
            })()""",
            "ne of three",
        ),
    ):
        await page.evaluate(choose)
        await page.keyboard.press("Control+C")
        copied = await page.evaluate("navigator.clipboard.readText()")
        told = re.sub(r"\d\d:\d\d", "09:31", copied)
        assert told == (
            f"Ada Okafor, 09:31\n{first}\n\nAda Okafor, 09:31\nTwo of three\n\nGrace Lin, 09:31\nThree of three"
        )
    await page.evaluate("getSelection().selectAllChildren(document.querySelector('#m2 .bd'))")
    await page.keyboard.press("Control+C")
    assert await page.evaluate("navigator.clipboard.readText()") == "Two of three"


async def test_two_tabs_of_one_person_show_the_same(visit: Visit) -> None:
    one = await visit("ada")
    room = await new_room(one)
    other = await one.context.new_page()
    await other.goto(f"/rooms/{room}")
    await expect(other.locator("#message")).to_be_focused()
    await say(one, "from the first tab")
    await say(other, "from the second tab")
    for tab in (one, other):
        await expect(rows(tab).locator(".bd")).to_have_text(["from the first tab", "from the second tab"])


async def test_a_page_that_was_hidden_for_long_asks_for_what_it_missed(visit: Visit) -> None:
    ada, grace = await visit("ada"), await visit("grace")
    room = await new_room(ada, "grace")
    lost: list[str] = []
    loses = asyncio.Event()

    def lossy(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_message(server.send)
        server.on_message(
            lambda frame: lost.append(str(frame)) if loses.is_set() and "missed" in str(frame) else route.send(frame)
        )

    await grace.route_web_socket(re.compile("/ws$"), lossy)
    await grace.clock.install()
    await grace.goto(f"/rooms/{room}")
    await say(ada, "heard")
    await expect(row(grace, "heard")).to_have_count(1)
    loses.set()
    await grace.evaluate(SEE, False)
    await say(ada, "missed")
    await comes_to(lost)
    loses.clear()
    # The time alone: no timer runs that would look after the connection.
    await grace.clock.set_system_time(await grace.evaluate("Date.now()") + 61_000)
    await expect(row(grace, "missed")).to_have_count(0)
    await grace.evaluate(SEE, True)
    await expect(row(grace, "missed")).to_have_count(1)


async def comes_to(heard: list[str]) -> None:
    """Wait for the first of them."""
    async with asyncio.timeout(20):
        while not heard:  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.02)


async def test_what_the_browser_says_of_the_network_is_believed(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await say(page, "before")
    await page.context.set_offline(True)
    await expect(page.locator("#banner-text")).to_have_text("You are offline. Messages wait here until you are back.")
    await page.context.set_offline(False)
    await expect(page.locator("#banner")).to_be_hidden()
    await say(page, "after")
