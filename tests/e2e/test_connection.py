"""A connection that comes and goes, and what others do meanwhile."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.e2e.verbs import Wire, goes_back, hold, new_room, post_many, row, say
from tests.support.backoff import retry_seconds, return_seconds
from tests.support.house import until
from tests.support.server import Server

HIDE: Final = """() => {
  Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""

Visit = Callable[..., Awaitable[Page]]


async def test_the_banner_counts_down_and_try_now_comes_back(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await post_many(ada, 40)  # so that a day stays at the top, where the banner is
    await say(ada, "first")
    await wire.cut()
    await expect(ada.locator("#banner")).to_be_visible()
    await expect(ada.locator("#banner-text")).to_contain_text("Connection lost")
    await expect(ada.locator("#banner-text")).to_contain_text(re.compile(r"in \d+ s"), timeout=20_000)
    await say(grace, "missed")
    wire.is_cut = False
    await ada.click("#banner-try")
    await expect(ada.locator("#banner")).to_be_hidden()
    await expect(row(ada, "missed")).to_have_count(1)


async def test_what_could_not_be_fetched_without_a_connection_is_once_there_is_one(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    message = await say(ada, "hello")
    failed: list[str] = []
    ada.on("requestfailed", lambda request: failed.append(request.url.rpartition("/")[2]))
    await ada.route(re.compile(r"/(actions|completion)\.js$"), lambda route: route.abort())
    await wire.cut()
    await expect(ada.locator("#banner")).to_be_visible()
    await message.locator(".bd").hover()
    await ada.fill("#message", "@gr")
    await until(lambda: {"actions.js", "completion.js"} <= set(failed))
    await ada.unroute_all()
    await wire.hold(ada)
    wire.is_cut = False
    await ada.click("#banner-try")
    await expect(ada.locator("#banner")).to_be_hidden()
    await message.locator(".bd").hover()
    await expect(message.locator(".tools")).to_be_visible()
    await ada.press("#message", "a")
    await expect(ada.locator("#completion li").first).to_contain_text("Grace")
    # Once it is there it stays: a second one would do everything twice.
    await wire.cut()
    await expect(ada.locator("#banner")).to_be_visible()
    wire.is_cut = False
    await ada.click("#banner-try")
    await expect(ada.locator("#banner")).to_be_hidden()
    await ada.hover("#composer")
    await message.locator(".bd").hover()
    await expect(message.locator(".tools")).to_have_count(1)
    await message.locator(".tools button").first.hover()
    await expect(ada.locator(".tools")).to_have_count(1)


async def test_the_page_comes_back_at_a_random_moment_of_a_window_that_doubles(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    url = await ada.locator("script[type=module][src]").first.get_attribute("src")
    assert url
    retries, returns, different = await ada.evaluate(
        """async url => {
          const { retryDelay, returnDelay } = await import(new URL('socket.js', new URL(url, location)).href);
          const chances = [0, 0.5, 1];
          return [
            [0, 5].map(spread =>
              [...Array(7).keys()].map(attempt => chances.map(chance => retryDelay(attempt, spread, chance) / 1000))),
            [0, 1, 5].map(after => chances.map(chance => returnDelay(after, chance) / 1000)),
            new Set([...Array(50)].map(() => retryDelay(0))).size,
          ];
        }""",
        url,
    )
    chances = (0, 0.5, 1)
    for spread, found in zip((0, 5), retries, strict=True):
        assert found == [[retry_seconds(attempt, spread, chance) for chance in chances] for attempt in range(7)]
    assert returns == [[return_seconds(after, chance) for chance in chances] for after in (0, 1, 5)]
    assert (retries[0][0][0], retries[0][-1][-1], retries[1][0][-1]) == (1, 30, 6)
    assert different > 40


@pytest.mark.parametrize(("code", "is_spread"), [(1006, True), (1011, False)])
async def test_a_page_that_is_cut_off_comes_back_within_the_time_the_server_named(
    visit: Visit, code: int, is_spread: bool
) -> None:
    ada = await visit("ada")
    await new_room(ada)
    url = await ada.locator("script[type=module][src]").first.get_attribute("src")
    longest = await ada.evaluate(
        """async ([url, code]) => {
          const { Connection } = await import(new URL('socket.js', new URL(url, location)).href);
          const sockets = [], waits = [], later = window.setTimeout;
          window.WebSocket = class extends EventTarget {
            constructor() { super(); sockets.push(this); }
            send() {}
            close() {}
          };
          new Connection().start();
          const hello = { event: 'hello', spread: 10_000_000 };
          sockets[0].dispatchEvent(new MessageEvent('message', { data: JSON.stringify(hello) }));
          window.setTimeout = (call, wait) => { waits.push(wait); return later(call, wait); };
          sockets[0].dispatchEvent(new CloseEvent('close', { code }));
          return Math.max(...waits);
        }""",
        [url, code],
    )
    assert (longest > 60_000) == is_spread


async def test_the_page_notices_a_network_that_has_fallen_silent(visit: Visit) -> None:
    """A heartbeat is 5 s here; both ends still believe in the connection."""
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "first")
    wire.is_silent, opened = True, len(wire.routes)
    await say(grace, "missed")
    await expect(ada.locator("#banner")).to_be_visible(timeout=25_000)
    assert len(wire.routes) > opened


async def test_going_back_brings_a_live_page_with_what_was_said_meanwhile(visit: Visit, server: Server) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "before leaving")
    gone = closed(server)
    await grace.goto("/settings/profile")
    # A page that rests in the back/forward cache holds no socket: the server knew at once, not a heartbeat later.
    await until(lambda: closed(server) > gone, seconds=3)
    await say(ada, "while away")
    await goes_back(grace)
    await expect(row(grace, "while away")).to_have_count(1)
    await say(ada, "and on")
    await expect(row(grace, "and on")).to_have_count(1)


def closed(server: Server) -> int:
    return sum("socket.closed" in line for line in server.output)


async def test_a_page_signed_out_elsewhere_shows_nothing_any_more(visit: Visit) -> None:
    one = await visit("lin", at="/people")
    await one.goto("/rooms/general")
    await say(one, "for members only")
    other = await one.context.new_page()
    await other.goto("/settings/profile")
    await other.click("main form[action='/logout'] button")
    # Whoever sits there next reads neither messages nor rooms nor names, also not by going back.
    await expect(one.locator("main [role=status]")).to_have_text("You have been logged out.")
    await expect(one).to_have_url(re.compile(r"/login\?next=%2Frooms%2Fgeneral"))
    await goes_back(one)
    await expect(one).not_to_have_url(re.compile("ended"))
    await expect(one).to_have_url(re.compile("/login"))
    await expect(one.locator("#timeline")).to_have_count(0)


async def test_typing_is_shown_to_others_only(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "here")
    await ada.click("#message")
    await ada.keyboard.type("thinking")
    await expect(grace.locator("#typing")).to_contain_text("Ada Okafor")
    await expect(ada.locator("#typing")).to_be_empty()
    # Nobody says that they stopped: six seconds after the last word of it.
    await expect(grace.locator("#typing")).to_be_empty(timeout=10_000)
    await ada.fill("#message", "")
    await ada.keyboard.type("again")
    await expect(grace.locator("#typing")).to_contain_text("Ada Okafor")
    await ada.fill("#message", "")
    await expect(grace.locator("#typing")).to_be_empty()


async def test_news_is_announced_once_and_history_is_not(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "old")
    grace = await visit("grace", at=f"/rooms/{room}")
    announcer = grace.locator("#announcer")
    await expect(announcer).to_be_empty()
    await say(ada, "new words")
    await expect(announcer).to_have_text("Ada Okafor: new words")
    await ada.fill("#message", "**bold** and `code`")
    await ada.press("#message", "Enter")
    await expect(announcer).to_have_text("Ada Okafor: bold and code")


async def test_what_changed_before_the_scripts_were_here_is_seen(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace")
    arrives = await hold(grace, re.compile(r"/js/app\.js$"))
    await grace.goto(f"/rooms/{room}", wait_until="commit")
    await expect(grace.locator(".roomhead h1 .n")).to_have_text(room.replace("-", " "))
    await ada.goto(f"/rooms/{room}/settings")
    await ada.fill("[name=name]", f"{room} is another")
    await ada.fill("[name=topic]", "Meanwhile")
    await ada.press("[name=name]", "Enter")
    await ada.wait_for_url(re.compile(rf"/rooms/{room}(/settings)?(\?.*)?$"))
    await expect(ada.locator(".roomhead, h1").first).to_be_visible()
    arrives.set()
    await expect(grace.locator(".roomhead h1 .n")).to_have_text(f"{room} is another")
    await expect(grace.locator(".roomhead .topic")).to_have_text("Meanwhile")
