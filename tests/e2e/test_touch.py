"""What a finger does to a message: the sheet of a long press, and the dots for whom that is hard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import FilePayload, Locator, Page, Route, expect

from tests.e2e.test_actions import say_by_thumb
from tests.e2e.verbs import attach, new_room, row, say
from tests.support.browser import NARROW
from tests.support.pictures import picture

Visit = Callable[..., Awaitable[Page]]


async def presses_long(page: Page, message: Locator) -> None:
    """By the clock: a finger that is lifted sooner has tapped for the browser, whatever a clock of the page says."""
    box = await message.bounding_box()
    assert box is not None
    session = await page.context.new_cdp_session(page)
    points = [{"x": box["x"] + 60, "y": box["y"] + box["height"] / 2}]
    await session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
    await expect(message).to_have_class(re.compile("held"))
    await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


# Buttons that a finger misses 21 pixels above or below their middle.
MISSED: Final = """() => [...document.querySelectorAll("#main :is(.ib, .send)")]
  .filter((each) => each.checkVisibility())
  .filter((each) => {
    const { left, top, width, height } = each.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    return [-21, 21].some((by) => document.elementFromPoint(x, y + by)?.closest(".ib, .send") !== each);
  }).map((each) => each.outerHTML.slice(0, 80))"""


async def test_a_finger_may_miss_a_button_by_a_little(visit: Visit) -> None:
    ada = await visit("ada", has_touch=True, is_mobile=True, viewport=NARROW)
    await new_room(ada)
    assert await ada.locator("#main :is(.ib, .send)").count() > 5
    assert await ada.evaluate(MISSED) == []
    await ada.goto("/rooms")
    top = await ada.locator("#sidebar .room-link").first.bounding_box()
    assert top is not None
    hit = f"document.elementFromPoint({top['x'] + top['width'] - 20}, {top['y'] + 1}).closest('.room-link') !== null"
    assert await ada.evaluate(hit)


async def test_safari_on_a_phone_comes_no_nearer_and_tells_of_a_press_beside_a_dialog(visit: Visit) -> None:
    ada = await visit("ada", has_touch=True, is_mobile=True, viewport=NARROW)
    await new_room(ada)
    await attach(ada, FilePayload(name="sheet.png", mimeType="image/png", buffer=picture()))
    await expect(ada.get_by_label("What does sheet.png show?")).to_be_visible()
    sizes = "all => all.map(each => parseFloat(getComputedStyle(each).fontSize))"
    found = await ada.locator("textarea, input:not([type=hidden])").evaluate_all(sizes)
    assert len(found) > 2
    assert min(found) >= 16
    await ada.keyboard.press("Control+k")
    await expect(ada.locator("#switcher")).to_have_css("cursor", "pointer")


async def test_a_sheet_stays_on_a_phone_that_lies_on_its_side(visit: Visit) -> None:
    ada = await visit("ada", has_touch=True, is_mobile=True, viewport={"width": 844, "height": 390})
    await new_room(ada)
    await say_by_thumb(ada, "lying")
    await ada.locator(".msg .act").tap()
    await expect(ada.locator("#message-menu .quick-emoji").first).to_be_in_viewport(ratio=1)
    await ada.locator("#message-menu [data-do=delete]").scroll_into_view_if_needed()
    await expect(ada.locator("#message-menu [data-do=delete]")).to_be_in_viewport(ratio=1)


async def test_a_long_press_opens_a_sheet(visit: Visit) -> None:
    ada = await visit("ada", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    await new_room(ada)
    message = await say_by_thumb(ada, "hold me")
    await expect(ada.locator("#message-menu")).to_be_attached()
    await presses_long(ada, message)
    await expect(ada.locator("#message-menu [data-do=edit]")).to_be_visible()


async def test_a_long_press_with_the_first_touch_of_all_opens_it_too(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await say(ada, "hold me")
    phone = await visit("ada", at=f"/rooms/{room}", has_touch=True, is_mobile=True, viewport=NARROW)
    await presses_long(phone, row(phone, "hold me"))
    await expect(phone.locator("#message-menu [data-do=edit]")).to_be_visible()


async def test_a_first_tap_that_is_over_before_anything_came_holds_nothing(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await say(ada, "tap me")
    phone = await visit("ada", at=f"/rooms/{room}", has_touch=True, is_mobile=True, viewport=NARROW)
    await phone.clock.install()
    lifted = asyncio.Event()

    async def late(route: Route) -> None:
        await lifted.wait()
        await route.continue_()

    await phone.route("**/js/actions.js", late)
    await row(phone, "tap me").tap()
    async with phone.expect_response("**/js/actions.js"):
        lifted.set()
    await expect(phone.locator("#message-menu")).to_be_attached()
    await phone.clock.fast_forward(2000)
    await expect(row(phone, "tap me")).not_to_have_class(re.compile("held"))


async def test_dots_open_the_sheet_on_a_touch_screen(visit: Visit) -> None:
    ada = await visit("ada", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    await new_room(ada)
    message = await say_by_thumb(ada, "press my dots")
    await message.locator(".act").tap()
    await ada.locator("#message-menu [data-do=edit]").tap()
    await expect(ada.locator(".editor textarea")).to_have_value("press my dots")
