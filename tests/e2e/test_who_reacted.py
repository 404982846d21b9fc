"""Who reacted to a message: by touch, by mouse, by keyboard, and on a page without scripts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from playwright.async_api import CDPSession, Locator, Page, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.test_actions import open_menu, say_by_thumb
from tests.e2e.test_reactions import chip, react
from tests.e2e.verbs import new_room, row, say
from tests.support.browser import NARROW

Visit = Callable[..., Awaitable[Page]]

THUMB: Final = {"has_touch": True, "is_mobile": True, "viewport": NARROW}


async def press(page: Page, place: Locator) -> CDPSession:
    """Lay a finger on it."""
    box = await place.bounding_box()
    assert box is not None
    session = await page.context.new_cdp_session(page)
    points = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
    await session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
    return session


async def lift(session: CDPSession) -> None:
    await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def given_by_both(visit: Visit, **looks: Any) -> tuple[Page, Locator]:
    """A message of Ada's in a room of both, on her page; Grace has given it two emoji, and she one."""
    ada = await visit("ada", **looks)
    room = await new_room(ada, "grace")
    message = await (say_by_thumb if looks.get("has_touch") else say)(ada, "hello")
    grace = await visit("grace", at=f"/rooms/{room}")
    for emoji in ("👍", "🎉"):
        await react(row(grace, "hello"), emoji)
    await expect(chip(message, "🎉")).to_have_text("🎉 1")
    await chip(message, "👍").click()
    # Her own page says so at once; on the other's it is stored.
    for seen in (message, row(grace, "hello")):
        await expect(chip(seen, "👍")).to_have_text("👍 2")
    return ada, message


async def tells_all(dialog: Locator) -> None:
    await expect(dialog.locator("h2")).to_have_text(["Who reacted", "👍 thumbs up 2", "🎉 party popper 1"])
    await expect(dialog.locator(".person-name")).to_have_text(["Grace Lin", "Ada Okafor You", "Grace Lin"])


async def test_a_finger_that_rests_on_a_chip_is_told_and_a_tap_still_turns_it(visit: Visit) -> None:
    ada, message = await given_by_both(visit, **THUMB)
    dialog = ada.locator("dialog.givers")
    shown = chip(message, "👍")
    await ada.clock.install()
    finger = await press(ada, shown)
    await ada.clock.fast_forward(600)
    await expect(message).to_have_class(re.compile("held"))
    await lift(finger)
    await ada.clock.run_for(100)
    await tells_all(dialog)
    await expect(shown).to_have_text("👍 2")
    # Outside of it.
    await ada.touchscreen.tap(10, 10)
    await expect(dialog).to_have_count(0)
    await shown.tap()
    await expect(shown).to_have_text("👍 1")
    await expect(dialog).to_have_count(0)


async def test_the_sheet_of_a_message_leads_there_where_there_are_some(visit: Visit) -> None:
    ada, message = await given_by_both(visit, **THUMB)
    await say_by_thumb(ada, "nobody cares")
    await row(ada, "nobody cares").locator(".act").tap()
    await expect(ada.locator("#message-menu [data-do=link]")).to_be_visible()
    await expect(ada.locator("#message-menu [data-do=givers]")).to_be_hidden()
    await ada.keyboard.press("Escape")
    await message.locator(".act").tap()
    await ada.locator("#message-menu [data-do=givers]").tap()
    await tells_all(ada.locator("dialog.givers"))
    await ada.locator("dialog.givers").get_by_role("button", name="Close").tap()
    await expect(ada.locator("dialog.givers")).to_have_count(0)


async def test_by_keyboard_and_the_focus_comes_back(visit: Visit) -> None:
    ada, message = await given_by_both(visit)
    await ada.focus("#timeline")
    await ada.keyboard.press("End")
    more = message.locator("[popovertarget=message-menu]")
    await more.focus()
    await ada.keyboard.press("Enter")
    await ada.locator("#message-menu [data-do=givers]").focus()
    await ada.keyboard.press("Enter")
    dialog = ada.locator("dialog.givers")
    await tells_all(dialog)
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    await ada.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(more).to_be_focused()


@WIDTHS
async def test_it_is_accessible_in_every_look(visit: Visit, viewport: dict[str, int]) -> None:
    ada, message = await given_by_both(visit, viewport=viewport)
    await (await open_menu(ada, message)).locator("[data-do=givers]").click()
    await tells_all(ada.locator("dialog.givers"))
    await has_no_fault(ada)
    await ada.goto(f"{ada.url}/1/reactions")
    await expect(ada.locator("#givers h2")).to_have_count(2)
    await has_no_fault(ada)


async def test_without_a_connection_it_says_so(visit: Visit) -> None:
    ada, message = await given_by_both(visit)
    await ada.route("**/reactions", lambda route: route.abort())
    await (await open_menu(ada, message)).locator("[data-do=givers]").click()
    await expect(ada.locator("dialog.givers")).to_contain_text("There is no connection.")


async def test_what_shows_it_is_fetched_when_it_is_wanted(visit: Visit) -> None:
    ada, message = await given_by_both(visit)
    await ada.reload()
    fetched: list[str] = []
    ada.on("request", lambda request: fetched.append(request.url))
    menu = await open_menu(ada, message)
    assert not [url for url in fetched if "givers" in url]
    await menu.locator("[data-do=givers]").click()
    await tells_all(ada.locator("dialog.givers"))
    assert [url for url in fetched if "givers.js" in url]


async def test_without_scripts_a_message_leads_to_who_reacted(visit: Visit) -> None:
    ada, _message = await given_by_both(visit)
    plain = await visit("ada", at=f"{ada.url}/1", java_script_enabled=False)
    await plain.click(".message-actions >> text=Who reacted")
    await expect(plain.locator("#givers .person-name")).to_have_text(["Grace Lin", "Ada Okafor You", "Grace Lin"])
    await plain.click("text=Back to the message")
    await expect(plain.locator(".msg.target")).to_contain_text("hello")
