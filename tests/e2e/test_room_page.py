"""The live room page: sending, failing, reading on, coming back."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page, WebSocketRoute, expect

from tests.e2e.verbs import distance_to_end, new_room, row, rows, say
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]


async def post_many(page: Page, count: int) -> None:
    """Fill the open room quickly, over a socket of the page's own."""
    await page.evaluate(
        """async count => {
          const room = location.pathname.split('/')[2];
          const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
          await new Promise(ready => socket.onopen = ready);
          let answered = 0;
          const done = new Promise(resolve => socket.onmessage = event => {
            if (JSON.parse(event.data).ok && ++answered === count) resolve();
          });
          for (let n = 1; n <= count; n++)
            socket.send(JSON.stringify({action: 'sendMessage', room, content: `line ${n}.`, ref: n}));
          await done;
          socket.close();
        }""",
        count,
    )


async def top_of(page: Page, text: str) -> float:
    return float(await row(page, text).evaluate("row => row.getBoundingClientRect().top"))


class Wire:
    """The page's sockets, in our hand: frames can be held back and connections cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self.swallows: str | None = None
        self.routes: list[WebSocketRoute] = []

    async def hold(self, page: Page) -> None:
        await page.route_web_socket(re.compile("/ws$"), self._route)

    async def cut(self) -> None:
        self.is_cut = True
        for route in self.routes:
            await route.close(code=1011)

    def _route(self, route: WebSocketRoute) -> Any:
        if self.is_cut:
            return route.close(code=1011)
        self.routes.append(route)
        server = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if not (self.swallows and self.swallows in str(message)):
                server.send(message)

        route.on_message(pass_on)
        return None


async def test_a_message_appears_at_once_though_the_server_is_silent(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    wire.swallows = "sendMessage"
    await ada.fill("#message", "into the void")
    await ada.press("#message", "Enter")
    await expect(row(ada, "into the void")).to_have_class(re.compile("pending"), timeout=300)
    await expect(ada.locator("#message")).to_have_value("")
    await expect(row(ada, "into the void")).to_contain_text("Sending")


async def test_a_failed_message_is_kept_and_sent_again_only_once(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    room = await new_room(ada)
    await say(ada, "first")
    wire.swallows = "sendMessage"
    await ada.fill("#message", "try me")
    await ada.press("#message", "Enter")
    failed = row(ada, "try me")
    await expect(failed).to_have_class(re.compile("failed"), timeout=13_000)
    wire.swallows = None
    await failed.locator("[data-retry]").click()
    await expect(failed).to_have_attribute("data-index", "2")
    await ada.goto(f"/rooms/{room}")
    await expect(row(ada, "try me")).to_have_count(1)


async def test_a_failed_message_can_be_discarded(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    wire.swallows = "sendMessage"
    await ada.fill("#message", "never mind")
    await ada.press("#message", "Enter")
    await row(ada, "never mind").locator("[data-discard]").click(timeout=13_000)
    await expect(row(ada, "never mind")).to_have_count(0)


async def test_unsent_text_survives_a_reload_and_is_not_sent_by_itself(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "first")
    wire.swallows = "sendMessage"
    await ada.fill("#message", "hold this")
    await ada.press("#message", "Enter")
    await expect(row(ada, "hold this")).to_have_count(1)
    wire.swallows = None
    await ada.reload()
    kept = row(ada, "hold this")
    await expect(kept).to_have_class(re.compile("failed"))
    await say(ada, "second")
    await expect(row(grace, "second")).to_have_count(1)
    await expect(row(grace, "hold this")).to_have_count(0)
    await kept.locator("[data-retry]").click()
    await expect(row(grace, "hold this")).to_have_count(1)


async def test_enter_sends_shift_enter_breaks_the_line_and_blank_is_not_sent(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.click("#message")
    await ada.keyboard.type("one")
    await ada.keyboard.press("Shift+Enter")
    await ada.keyboard.type("two")
    await ada.keyboard.press("Enter")
    await expect(rows(ada)).to_have_count(1)
    assert await rows(ada).locator(".bd").inner_text() == "one\ntwo"
    await ada.keyboard.type("   ")
    await ada.keyboard.press("Enter")
    await expect(ada.locator("#message")).to_have_value("   ")
    await expect(rows(ada)).to_have_count(1)


async def test_enter_while_composing_does_not_send(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.click("#message")
    cdp = await ada.context.new_cdp_session(ada)
    await cdp.send("Input.imeSetComposition", {"text": "zao", "selectionStart": 3, "selectionEnd": 3})
    await ada.keyboard.press("Enter")
    await expect(rows(ada)).to_have_count(0)
    await cdp.send("Input.insertText", {"text": "早上好"})
    await ada.keyboard.press("Enter")
    await expect(row(ada, "早上好")).to_have_count(1)


async def test_a_keydown_of_229_after_composition_does_not_send(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.fill("#message", "早")
    await ada.eval_on_selector(
        "#message",
        "box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))",
    )
    await expect(ada.locator("#message")).to_have_value("早")
    await expect(rows(ada)).to_have_count(0)


async def test_a_draft_is_kept_for_its_room_alone(visit: Visit) -> None:
    ada = await visit("ada")
    one = await new_room(ada)
    other = await new_room(ada)
    await ada.goto(f"/rooms/{one}")
    await ada.fill("#message", "half a thought")
    await ada.goto(f"/rooms/{other}")
    await expect(ada.locator("#message")).to_have_value("")
    await ada.goto(f"/rooms/{one}")
    await expect(ada.locator("#message")).to_have_value("half a thought")
    await ada.press("#message", "Enter")
    await expect(row(ada, "half a thought")).to_have_count(1)
    await ada.reload()
    await expect(ada.locator("#message")).to_have_value("")


async def test_too_long_is_said_before_it_is_sent(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.fill("#message", "x" * 8001)
    await expect(ada.locator("#counter")).to_be_visible()
    await ada.press("#message", "Enter")
    await expect(rows(ada)).to_have_count(0)
    assert len(await ada.input_value("#message")) == 8001


async def test_reading_above_is_not_moved_by_news_and_the_pill_leads_back(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 60)
    grace = await visit("grace", at=f"/rooms/{room}")
    await grace.goto(f"/rooms/{room}")
    await grace.evaluate("document.getElementById('timeline').scrollTop = 1e6")
    await grace.evaluate("document.getElementById('timeline').scrollTop -= 400")
    await expect(grace.locator("#pill")).to_be_hidden()
    where = await grace.evaluate("document.getElementById('timeline').scrollTop")
    await say(ada, "news one")
    await say(ada, "news two")
    await expect(grace.locator("#pill")).to_contain_text("2 new messages")
    assert abs(await grace.evaluate("document.getElementById('timeline').scrollTop") - where) <= 2
    await grace.click("#pill")
    await expect(grace.locator("#pill")).to_be_hidden()
    assert await distance_to_end(grace) <= 2
    await say(ada, "news three")
    await expect(row(grace, "news three")).to_be_in_viewport()


async def test_older_messages_come_while_scrolling_and_nothing_jumps(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await post_many(ada, 120)
    await ada.goto(f"/rooms/{room}")
    await expect(row(ada, "line 120.")).to_be_in_viewport()
    assert await row(ada, "line 60.").count() == 0
    await ada.evaluate("document.getElementById('timeline').scrollTop = 300")
    before = await top_of(ada, "line 75.")
    scroll = "document.getElementById('timeline').scrollTop"
    start = await ada.evaluate(scroll)
    await expect(row(ada, "line 60.")).to_have_count(1)
    assert abs(await top_of(ada, "line 75.") - before) <= 2, start
    await ada.evaluate("document.getElementById('timeline').scrollTop = 0")
    await expect(row(ada, "line 1.")).to_have_count(1)
    await ada.evaluate("document.getElementById('timeline').scrollTop = 0")
    await expect(ada.locator("#beginning")).to_be_visible()


async def test_the_first_unread_line_stays_where_it_was(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "read this")
    await expect(row(grace, "read this")).to_have_count(1)
    link = grace.locator(f'.room-link[data-room="{room}"] .count')
    await expect(link).to_be_hidden()
    await grace.goto("/rooms/general")
    await post_many(ada, 3)
    await expect(link).to_contain_text("3")
    assert await grace.title() != "#general"
    await grace.goto(f"/rooms/{room}")
    line = grace.locator("#new-line")
    await expect(line).to_be_visible()
    assert await line.evaluate("line => line.nextElementSibling.dataset.index") == "2"
    await say(ada, "one more")
    await expect(row(grace, "one more")).to_have_count(1)
    assert await line.evaluate("line => line.nextElementSibling.dataset.index") == "2"
    await expect(link).to_be_hidden()


async def test_reading_on_one_device_clears_the_other(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    phone = await visit("grace", at="/rooms/general")
    await post_many(ada, 2)
    count = phone.locator(f'.room-link[data-room="{room}"] .count')
    await expect(count).to_contain_text("2")
    await visit("grace", at=f"/rooms/{room}")
    await expect(count).to_be_hidden()


async def test_the_banner_counts_down_and_try_now_comes_back(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
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


async def test_the_back_forward_cache_brings_back_a_live_page(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "before leaving")
    await grace.evaluate("window.wasHere = true")
    await grace.goto("/settings/profile")
    await say(ada, "while away")
    await grace.evaluate("history.back()")
    await expect(row(grace, "while away")).to_have_count(1)
    await say(ada, "and on")
    await expect(row(grace, "and on")).to_have_count(1)


async def test_a_page_signed_out_elsewhere_says_so_and_stops(visit: Visit) -> None:
    one = await visit("lin", at="/rooms/general")
    other = await one.context.new_page()
    await other.goto("/settings/profile")
    await other.click("main form[action='/logout'] button")
    await expect(one.locator("#banner")).to_be_visible()
    await expect(one.locator("#banner")).to_contain_text("signed out")
    await expect(one.locator("#banner a")).to_have_attribute("href", re.compile("/login"))


async def test_typing_is_shown_to_others_only(visit: Visit, server: Server) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "here")
    await ada.click("#message")
    await ada.keyboard.type("thinking")
    await expect(grace.locator("#typing")).to_contain_text("Ada Okafor")
    await expect(ada.locator("#typing")).to_be_empty()
    await expect(grace.locator("#typing")).to_be_empty(timeout=10_000)


async def test_news_is_announced_once_and_history_is_not(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "old")
    grace = await visit("grace", at=f"/rooms/{room}")
    announcer = grace.locator("#announcer")
    await expect(announcer).to_be_empty()
    await say(ada, "new words")
    await expect(announcer).to_have_text("Ada Okafor: new words")


async def test_markup_in_every_text_is_inert(visit: Visit) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    ada = await visit("ada")
    dialogs: list[str] = []
    ada.on("dialog", lambda dialog: dialogs.append(dialog.message))
    room = await new_room(ada)
    await ada.goto(f"/rooms/{room}/settings")
    await ada.fill("[name=topic]", evil)
    await ada.press("[name=topic]", "Enter")
    await ada.goto(f"/rooms/{room}")
    await expect(ada.locator(".roomhead")).to_contain_text("onerror")
    await say(ada, evil + " javascript:alert(3) https://example.org/\"onmouseover=alert(4)")
    await ada.reload()
    await expect(row(ada, evil)).to_have_count(1)
    assert await ada.locator("#timeline img, #timeline script, .roomhead img").count() == 0
    assert await ada.locator("#timeline a[href^=javascript]").count() == 0
    assert dialogs == []
