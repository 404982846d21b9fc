"""What takes a whole browser: notifications that are shown, and those that were not asked for yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.test_notifications import SETTINGS, ready
from tests.e2e.verbs import comes_true, new_room, say

Visit = Callable[..., Awaitable[Page]]

ANDROID = """
window.Notification = class {
  static permission = 'granted';
  static requestPermission() { return Promise.resolve('granted'); }
  constructor() { throw new TypeError('Illegal constructor'); }
};
"""
# The page is looked at anew before the worker is there: whether a try has to wait.
TURNED_ON = """async () => {
  document.getElementById('notifications-on').click();
  for (let turn = 0; turn < 9; turn++) await null;
  dispatchEvent(new Event('focus'));
  return document.getElementById('notifications-test').hidden;
}"""
SHOWN = """navigator.serviceWorker.getRegistration('/').then((it) => it.getNotifications())
  .then((notes) => notes.map(({ tag, body, data }) => `${tag}: ${body} ${data.url}`).join())"""


@pytest.fixture
def browser(whole_browser: Browser) -> Browser:
    return whole_browser


async def test_where_a_page_may_show_none_the_service_worker_does(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    page = await visit("grace")
    await page.context.grant_permissions(["notifications"])
    await page.context.add_init_script(ANDROID)
    await page.goto(SETTINGS)
    assert await page.evaluate(TURNED_ON)
    await page.click("#notifications-test")
    await comes_true(page, f"{SHOWN}.then((shown) => shown.startsWith('test: '))")
    await page.evaluate("navigator.serviceWorker.ready.then((it) => it.getNotifications()).then(([it]) => it.close())")
    await ready(page, "/rooms/general", room)
    for number, words in enumerate(("first", "second"), 1):
        await say(ada, words)
        await comes_true(page, f"{SHOWN}.then((shown) => shown === '{room}: {words} /rooms/{room}/{number}')")
    # Another page than that which showed it.
    await ready(page, "/rooms/general", room)
    await visit("grace", at=f"/rooms/{room}")
    await comes_true(page, f"{SHOWN}.then((shown) => shown === '')")


async def test_who_logs_out_leaves_no_notice_on_the_screen(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    page = await visit("grace")
    await page.context.grant_permissions(["notifications"])
    await page.goto(SETTINGS)
    await page.click("#notifications-on")
    await expect(page.locator("#notifications-off")).to_be_visible()
    await ready(page, "/rooms/general", room)
    # Until it is, the page shows them by itself, and takes them with it.
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await say(ada, "for your eyes only")
    await comes_true(page, f"{SHOWN}.then((shown) => shown.includes('for your eyes only'))")
    await page.click(".me-button")
    await page.click('form[action="/logout"] button')
    await page.wait_for_url("**/login**")
    await comes_true(page, f"{SHOWN}.then((shown) => shown === '')")


async def test_nobody_who_is_not_told_is_asked_for_a_sound(visit: Visit) -> None:
    page = await visit("ada", at=SETTINGS)
    await expect(page.locator("#notifications-on")).to_be_visible()
    await expect(page.locator("#notifications-sound")).to_be_hidden()
