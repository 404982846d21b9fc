"""A tone with what is told outside the page: off until a click, once in all tabs, never where nothing is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.test_notifications import SETTINGS, ready, told, turned_on
from tests.e2e.verbs import comes_true, new_room, post_many, say, sends, submit

Visit = Callable[..., Awaitable[Page]]

# Each tone leaves a mark that all tabs see.
HEARD = """
window.AudioContext = class extends AudioContext {
  createOscillator() {
    localStorage.setItem(`tone:${crypto.randomUUID()}`, document.title);
    return super.createOscillator();
  }
};
"""
# A page in which nobody has clicked.
FORBIDDEN = """
window.AudioContext = class extends AudioContext {
  get state() { return "suspended"; }
  resume() { return new Promise(() => {}); }
};
"""
TONES = "Object.keys(localStorage).filter((key) => key.startsWith('tone:')).length"
SOUND = "#notifications-sound"
IS_OVER = "navigator.locks.query().then(({ held }) => held.every(({ name }) => name !== 'sound'))"


async def rang(page: Page, times: int) -> None:
    """So often in all, and it is over: what comes now is heard by itself."""
    await comes_true(page, f"{TONES} === {times}")
    await comes_true(page, IS_OVER)


async def listening(visit: Visit, *, is_on: bool) -> Page:
    """Grace's settings in a browser that tells her of messages."""
    page = await turned_on(visit, "grace")
    await page.context.add_init_script(HEARD)
    await page.goto(SETTINGS)
    await expect(page.locator(SOUND)).not_to_be_checked()
    if is_on:
        await page.check(SOUND)
        # So that one knows what comes.
        await rang(page, 1)
    return page


async def opens(page: Page, at: str, room: str) -> None:
    await ready(page, at, room)
    # A browser lets a page make a sound once somebody has clicked in it.
    await page.click("#timeline")


async def test_it_is_off_until_a_click(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    page = await listening(visit, is_on=False)
    await opens(page, "/rooms/general", room)
    await say(ada, "unheard")
    (note,) = await told(page, 1)
    assert note["silent"] is True
    assert await page.evaluate(TONES) == 0
    await page.goto(SETTINGS)
    await page.check(SOUND)
    await rang(page, 1)
    await page.click("#notifications-test")
    await rang(page, 2)
    await page.reload()
    await expect(page.locator(SOUND)).to_be_checked()
    await page.uncheck(SOUND)
    await page.click("#notifications-test")
    await told(page, 3)
    assert await page.evaluate(TONES) == 2


async def test_it_comes_once_in_all_tabs_and_the_system_adds_none(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    first = await listening(visit, is_on=True)
    second = await first.context.new_page()
    for tab in (first, second):
        await opens(tab, "/rooms/general", room)
    for number in (1, 2):
        await say(ada, f"heard {number}")
        *_, note = await told(first, number)
        assert note["silent"] is True
        await rang(first, 1 + number)
    assert await second.evaluate(TONES) == 3


async def test_many_messages_at_once_are_one_sound(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    page = await listening(visit, is_on=True)
    await opens(page, "/rooms/general", room)
    await post_many(ada, 10)
    await told(page, 10)
    await comes_true(page, IS_OVER)
    assert 1 < await page.evaluate(TONES) < 1 + 10


async def test_a_muted_room_and_quiet_hours_make_none(visit: Visit) -> None:
    ada = await visit("ada")
    muted = await new_room(ada, "grace")
    other = await visit("ada")
    loud = await new_room(other, "grace")
    page = await listening(visit, is_on=True)
    await submit(page.context, f"/rooms/{muted}/level", at=f"/rooms/{muted}/settings", level="nothing")
    await opens(page, "/rooms/general", muted)
    await say(ada, "not for @grace either")
    await say(other, "heard")
    await rang(page, 2)
    await page.goto(SETTINGS)
    await sends(page, "button[value=hour]")
    try:
        await opens(page, "/rooms/general", loud)
        await say(other, "in the night")
        await comes_true(page, f"(localStorage.getItem('held:grace') ?? '').includes('{loud}')")
        assert await page.evaluate(TONES) == 2
    finally:
        # Now it is told, with a tone.
        await page.goto(SETTINGS)
        await sends(page, "button[value=over]")


async def test_where_a_page_may_make_none_the_system_does(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    page = await listening(visit, is_on=True)
    await page.context.add_init_script(FORBIDDEN)
    await ready(page, "/rooms/general", room)
    await say(ada, "heard all the same")
    (note,) = await told(page, 1)
    assert note["silent"] is False
    assert await page.evaluate(TONES) == 1


@WIDTHS
async def test_the_choice_has_no_fault(visit: Visit, viewport: dict[str, int]) -> None:
    page = await turned_on(visit, "grace")
    await page.set_viewport_size(viewport)  # type: ignore[arg-type]
    await page.check(SOUND)
    await has_no_fault(page)
