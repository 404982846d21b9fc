"""What a finger does to a message: the sheet of a long press, and the dots for whom that is hard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, Route, expect

from tests.e2e.test_actions import say_by_thumb
from tests.e2e.verbs import new_room, row, say
from tests.support.browser import NARROW

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
