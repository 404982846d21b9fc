"""Being told of messages outside the page: asked for by a click, one for each room, and only when nobody looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import comes_true, new_room, say, sends
from tests.support.time import eventually

Visit = Callable[..., Awaitable[Page]]
SETTINGS = "/settings/notifications"
# What the browser was asked to show, in place of the system's own pictures; in storage, so that all tabs add to it.
RECORDED = """
window.__asked = 0;
// A browser that has no service worker: the page shows them itself.
delete Navigator.prototype.serviceWorker;
const Real = window.Notification;
window.Notification = class extends EventTarget {
  static permission = GRANTED;
  static requestPermission() { window.__asked++; this.permission = ANSWER; return Promise.resolve(ANSWER); }
  constructor(title, { body, tag, silent }) {
    super();
    this.id = crypto.randomUUID();
    this.said = { title, body, tag, silent, by: document.title };
    this.keep();
    (window.__notes ??= []).push(this);
  }
  keep() { localStorage.setItem(`note:${this.id}`, JSON.stringify({ ...this.said, closed: this.closed })); }
  close() { this.closed = true; this.keep(); }
};
"""
NOTES = """() => Object.keys(localStorage).filter((key) => key.startsWith('note:'))
  .map((key) => JSON.parse(localStorage.getItem(key)))"""


async def recording(visit: Visit, who: str, *, before: str = "default", answer: str = "granted") -> Page:
    page = await visit(who)
    script = RECORDED.replace("GRANTED", f"'{before}'").replace("ANSWER", f"'{answer}'")
    await page.context.add_init_script(script)
    await page.goto(SETTINGS)
    return page


async def told(page: Page, count: int) -> list[dict[str, Any]]:
    """What was shown in any tab of this browser, once it is so much."""
    await page.wait_for_function(f"() => ({NOTES})().length >= {count}")
    found: list[dict[str, Any]] = await page.evaluate(NOTES)
    assert len(found) == count, found
    return found


async def turned_on(visit: Visit, who: str) -> Page:
    page = await recording(visit, who)
    await page.click("#notifications-on")
    await expect(page.locator("#notifications-off")).to_be_visible()
    # A page loaded from now on is one of a browser that has allowed it.
    await page.context.add_init_script("window.Notification.permission = 'granted';")
    return page


async def ready(page: Page, at: str, room: str) -> None:
    """The page knows what may be told, and hears the room."""
    heard: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
    async with page.expect_response("**/api/v1/me/notifications"):
        await page.goto(at)
    await eventually(lambda: any(f'"room":"{room}"' in frame and "read_index" in frame for frame in heard))


async def test_nobody_is_asked_before_a_click(visit: Visit) -> None:
    page = await recording(visit, "grace")
    await expect(page.locator("#notifications-on")).to_be_visible()
    assert await page.evaluate("window.__asked") == 0
    await has_no_fault(page)
    await page.click("#notifications-on")
    await expect(page.locator("#notifications-test")).to_be_focused()
    assert await page.evaluate("window.__asked") == 1
    await has_no_fault(page)
    await page.click("#notifications-test")
    (note,) = await told(page, 1)
    assert note["tag"] == "test"
    await page.click("#notifications-off")
    await expect(page.locator("#notifications-on")).to_be_focused()


async def test_who_has_blocked_them_is_told_where_to_allow_them(visit: Visit) -> None:
    page = await recording(visit, "grace", answer="denied")
    await page.click("#notifications-on")
    await expect(page.locator("[data-state=blocked]")).to_be_visible()
    await expect(page.locator("#notifications-on")).to_be_hidden()
    await has_no_fault(page)


async def test_who_has_a_phone_of_apple_is_told_what_to_do_first(visit: Visit) -> None:
    page = await visit("grace")
    await page.context.add_init_script("delete window.Notification; navigator.standalone = false;")
    await page.goto("/settings/notifications")
    await expect(page.locator("#notifications-here p:visible")).to_contain_text(["Add to Home Screen"])
    await expect(page.locator("#notifications-on")).to_be_hidden()


async def test_a_message_in_another_room_is_told_once_in_all_tabs_and_a_click_leads_to_it(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    first = await turned_on(visit, "grace")
    await ready(first, "/rooms/general", room)
    second = await first.context.new_page()
    await ready(second, "/rooms/general", room)
    await ada.fill("#message", "Look **at** `this`")
    await ada.press("#message", "Enter")
    (note,) = await told(first, 1)
    assert note["tag"] == room
    assert note["title"].startswith("Ada Okafor · #")
    # As it is read, not as it was typed.
    assert note["body"] == "Look at this"
    (teller,) = [each for each in (first, second) if await each.evaluate("(window.__notes ?? []).length")]
    await teller.evaluate("window.__notes[0].dispatchEvent(new Event('click'))")
    await teller.wait_for_url(f"**/rooms/{room}/1")
    await say(ada, "and this")
    await expect(teller.get_by_text("and this", exact=True)).to_be_visible()


async def test_a_notice_that_a_page_shows_by_itself_goes_with_the_page_at_a_logout_too(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    page = await turned_on(visit, "grace")
    await ready(page, "/rooms/general", room)
    await say(ada, "for your eyes only")
    await told(page, 1)
    await page.click(".me-button")
    await page.click('form[action="/logout"] button')
    await page.wait_for_url("**/login**")
    await comes_true(page, f"({NOTES})().every(({{ closed }}) => closed)")


async def test_what_somebody_looks_at_is_not_told_in_any_tab(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    behind = await turned_on(visit, "grace")
    await ready(behind, "/rooms/general", room)
    front = await behind.context.new_page()
    await ready(front, f"/rooms/{room}", room)
    await front.bring_to_front()
    await say(ada, "seen at once")
    await expect(front.get_by_text("seen at once", exact=True)).to_be_visible()
    ada = await visit("ada")
    other = await new_room(ada, "grace")
    await front.wait_for_selector(f'.room-link[data-room="{other}"]')
    await say(ada, "not seen")
    # The later message is told, so the earlier one was decided on.
    (note,) = await told(front, 1)
    assert note["tag"] == other


async def test_words_can_be_hidden_and_quiet_hours_are_quiet(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await turned_on(visit, "grace")
    await grace.check("input[name=words][value=hidden]")
    await sends(grace, "form[action='/settings/notifications'] button")
    await ready(grace, "/rooms/general", room)
    await say(ada, "a secret")
    (note,) = await told(grace, 1)
    assert "secret" not in note["body"]
    await grace.goto(SETTINGS)
    await sends(grace, "button[value=hour]")
    try:
        await expect(grace.locator("button[value=over]")).to_be_visible()
        await has_no_fault(grace)
        await ready(grace, "/rooms/general", room)
        await say(ada, "in the night")
        await expect(grace.locator(f'.room-link[data-room="{room}"] .count')).to_contain_text("2")
        await comes_true(grace, f"(localStorage.getItem('held:grace') ?? '').includes('{room}')")
        # The tab is closed in the night, and another is open when it ends: what was held back is told once.
        morning = await grace.context.new_page()
        await grace.close()
        await ready(morning, "/rooms/general", room)
        assert len(await morning.evaluate(NOTES)) == 1
        grace = await morning.context.new_page()
        await grace.goto(SETTINGS)
        await sends(grace, "button[value=over]")
        await told(grace, 2)
        held = [each for each in await grace.evaluate(NOTES) if each["tag"] == "held"]
        assert [each["body"] for each in held] == ["1 new message"]
        await ready(morning, "/rooms/general", room)
        await say(ada, "in the morning")
        assert [each["tag"] for each in await told(morning, 3)].count("held") == 1
    finally:
        await grace.goto(SETTINGS)
        await grace.check("input[name=words][value=shown]")
        await sends(grace, "form[action='/settings/notifications'] button")


async def test_what_was_held_back_and_is_read_elsewhere_is_not_told(visit: Visit) -> None:
    ada = await visit("ada")
    # Every object of JavaScript has something of that name.
    room = await new_room(ada, "grace", name="constructor")
    page = await turned_on(visit, "grace")
    await sends(page, "button[value=hour]")
    try:
        await ready(page, "/rooms/general", room)
        await say(ada, "in the night")
        await comes_true(page, f"(localStorage.getItem('held:grace') ?? '').includes('{room}')")
        await visit("grace", at=f"/rooms/{room}")
        await comes_true(page, f"localStorage.getItem('held:grace') === JSON.stringify({{'{room}': []}})")
    finally:
        await page.goto(SETTINGS)
        await sends(page, "button[value=over]")
    await ready(page, "/rooms/general", room)
    await say(ada, "in the morning")
    (note,) = await told(page, 1)
    assert note["body"] == "in the morning"
    assert await page.evaluate("localStorage.getItem('held:grace')") is None


async def test_a_tab_that_was_open_before_tells_once_it_is_turned_on_in_another(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    settings = await recording(visit, "grace")
    tab = await settings.context.new_page()
    await tab.goto("/rooms/general")
    async with tab.expect_response("**/api/v1/me/notifications"):
        await settings.click("#notifications-on")
    await settings.close()
    await tab.evaluate("window.Notification.permission = 'granted'")
    await say(ada, "told at once")
    (note,) = await told(tab, 1)
    assert (note["tag"], note["body"]) == (room, "told at once")


async def test_a_machine_whose_clock_is_wrong_does_not_ask_again_and_again(visit: Visit) -> None:
    page = await turned_on(visit, "grace")
    async with page.expect_response("**/api/v1/me/notifications"):
        await sends(page, "button[value=hour]")
    try:
        await page.clock.install(time=datetime.now(UTC) + timedelta(hours=3))
        async with page.expect_response("**/api/v1/me/notifications"):
            await page.goto("/rooms/general")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for _ in range(10):
            await page.clock.run_for(2_000)
            assert await page.evaluate("fetch('/ping').then(answer => answer.ok)")
        assert not [url for url in asked if url.endswith("/me/notifications")]
        async with page.expect_response("**/api/v1/me/notifications"):
            await page.clock.fast_forward(3_600_000)
    finally:
        await page.goto(SETTINGS)
        await sends(page, "button[value=over]")
