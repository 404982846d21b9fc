"""A browser that has the chat closed is told by its push service, and a click on that leads to the message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import comes_true, say
from tests.support.push_service import PushBrowser, PushService, push_service
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]
SETTINGS = "/settings/notifications"
# Headless Chromium has no push service: it is subscribed at ours, with keys that the test has.
SUBSCRIBED = """
const it = SUBSCRIPTION;
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
  if (!userVisibleOnly || applicationServerKey.length !== 65 || REFUSES) throw new DOMException('no push service');
  localStorage.setItem('pushed', JSON.stringify([...applicationServerKey]));
  return made();
};
PushManager.prototype.getSubscription = async () => localStorage.getItem('pushed') ? made() : null;
const made = () => ({
  endpoint: it.endpoint,
  options: { applicationServerKey: new Uint8Array(JSON.parse(localStorage.getItem('pushed'))).buffer },
  toJSON: () => ({ endpoint: it.endpoint, keys: { p256dh: it.p256dh, auth: it.auth } }),
  unsubscribe: async () => localStorage.removeItem('pushed'),
});
"""
SHOWN = """navigator.serviceWorker.getRegistration('/').then((it) => it.getNotifications())
  .then((notes) => notes.map(({ title, body, tag }) => ({ title, body, tag })))"""
CLICKED = """async () => {
  const [note] = await self.registration.getNotifications();
  const event = new NotificationEvent('notificationclick', { notification: note });
  Object.defineProperty(event, 'waitUntil', { value: () => {} });
  self.dispatchEvent(event);
}"""

# What it asks of the server then.
MOVED = """async ({ key, ...keys }) => {
  const [asked, { fetch }] = [[], self];
  self.fetch = (address, how) => { asked.push(how?.method ?? 'GET'); return fetch(address, how); };
  const bytes = Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));
  const event = new ExtendableEvent('pushsubscriptionchange');
  const oldSubscription = { options: { applicationServerKey: bytes.buffer } };
  Object.assign(event, { oldSubscription, newSubscription: { toJSON: () => ({ endpoint: keys.endpoint, keys }) } });
  const under = [];
  Object.defineProperty(event, 'waitUntil', { value: (promise) => under.push(promise) });
  self.dispatchEvent(event);
  await Promise.all(under);
  self.fetch = fetch;
  return asked;
}"""
LOGIN = "main form button:not([type=button]), form button:not([type=button])"


@pytest.fixture
def browser(whole_browser: Browser) -> Browser:
    return whole_browser


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def telling(tmp_path_factory: pytest.TempPathFactory, service: PushService) -> AsyncIterator[Server]:
    """A server that tells closed browsers."""
    contact = "mailto:admin@example.org"
    data = tmp_path_factory.mktemp("push") / "data"
    running = Server(data, LIMITS="off", PUSH_CONTACT=contact, PUSH_NETWORKS="127.0.0.0/8")
    await running.add_person("ada", display_name="Ada Okafor", is_admin=True)
    await running.add_person("grace", display_name="Grace Lin")
    await running.start()
    try:
        yield running
    finally:
        await running.kill()


async def comes(
    visit: Visit, telling: Server, service: PushService, *, refuses: bool = False
) -> tuple[Page, PushBrowser]:
    page = await visit("grace", to=telling)
    browser = service.browser()
    await page.context.grant_permissions(["notifications"])
    script = SUBSCRIBED.replace("SUBSCRIPTION", json.dumps(browser.subscription("")))
    await page.context.add_init_script(f"{{{script.replace('REFUSES', str(refuses).lower())}}}")
    await page.goto(SETTINGS)
    return page, browser


async def turned_on(visit: Visit, telling: Server, service: PushService) -> tuple[Page, PushBrowser]:
    page, browser = await comes(visit, telling, service)
    await page.click("#notifications-on")
    await expect(page.locator("[data-state=pushed]")).to_be_visible()
    return page, browser


async def delivered(page: Page, server: Server, notice: dict[str, Any]) -> None:
    """What a push service would do, which has an address of the browser only once a worker is there."""
    await comes_true(page, "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')")
    session = await page.context.new_cdp_session(page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def updated(event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            if not found.done() and each["scopeURL"].startswith(server.url):
                found.set_result(each["registrationId"])

    session.on("ServiceWorker.workerRegistrationUpdated", updated)
    await session.send("ServiceWorker.enable")
    known = {"origin": server.url, "registrationId": await found, "data": json.dumps(notice)}
    await session.send("ServiceWorker.deliverPushMessage", known)
    await session.detach()


async def test_a_click_turns_it_on_and_a_test_arrives(visit: Visit, telling: Server, service: PushService) -> None:
    page, browser = await turned_on(visit, telling, service)
    await expect(page.locator("#devices")).to_contain_text("this one")
    await expect(page.locator("#notifications-test")).to_be_hidden()
    await has_no_fault(page)
    await page.click("#notifications-try button")
    await expect(page.locator(".flash, .note").filter(has_text="On its way.")).to_be_visible()
    (notice,) = await browser.gets(1)
    await delivered(page, telling, notice)
    await comes_true(page, f"async () => (await {SHOWN}).length === 1")
    assert (await page.evaluate(SHOWN))[0]["tag"] == "test"
    await page.click("#notifications-off")
    await expect(page.locator("#notifications-on")).to_be_visible()
    await page.reload()
    await expect(page.locator("#devices")).to_have_count(0)


async def test_a_click_on_what_is_shown_opens_the_message(visit: Visit, telling: Server, service: PushService) -> None:
    ada = await visit("ada", to=telling, at="/rooms/general")
    await say(ada, "Look at this")
    page, _ = await turned_on(visit, telling, service)
    notice = {"title": "Ada", "body": "Look at this", "tag": "news", "url": "/rooms/general/1", "room": "general"}
    await delivered(page, telling, notice)
    await comes_true(page, f"async () => (await {SHOWN}).length === 1")
    (worker,) = page.context.service_workers
    await worker.evaluate(CLICKED)
    await page.wait_for_url("**/rooms/general/1")
    await expect(page.get_by_text("Look at this", exact=True)).to_be_visible()
    # Of two pages in that which shows the room, though the other was looked at last.
    tab = await page.context.new_page()
    await tab.goto(SETTINGS)
    await tab.bring_to_front()
    await delivered(tab, telling, {**notice, "url": "/rooms/general/1?again", "room": "other"})
    await comes_true(tab, f"async () => (await {SHOWN}).length === 1")
    await worker.evaluate(CLICKED)
    await page.wait_for_url("**/rooms/general/1?again")
    assert tab.url.endswith(SETTINGS)


async def test_the_room_that_somebody_looks_at_is_not_told(visit: Visit, telling: Server, service: PushService) -> None:
    page, _ = await turned_on(visit, telling, service)
    await page.goto("/rooms/general")
    await page.bring_to_front()
    here = {"title": "Ada", "body": "seen", "tag": "general", "url": "/rooms/general/1", "room": "general"}
    await delivered(page, telling, here)
    await delivered(page, telling, {**here, "room": "other", "tag": "other"})
    await comes_true(page, f"async () => (await {SHOWN}).length > 0")
    assert [each["tag"] for each in await page.evaluate(SHOWN)] == ["other"]
    # A page that is called like a room is none.
    await page.goto("/people/grace")
    await delivered(page, telling, {**here, "room": "grace", "tag": "grace"})
    await comes_true(page, f"async () => (await {SHOWN}).some(({{ tag }}) => tag === 'grace')")


async def test_where_there_is_no_push_service_it_is_said(visit: Visit, telling: Server, service: PushService) -> None:
    page, _ = await comes(visit, telling, service, refuses=True)
    await page.click("#notifications-on")
    await expect(page.locator("#notifications-failed")).to_be_visible()
    await expect(page.locator("[data-state=on]")).to_be_visible()
    await expect(page.locator("#notifications-more")).to_be_visible()
    await has_no_fault(page)


async def test_another_browser_is_taken_out_without_scripts(
    visit: Visit, telling: Server, service: PushService
) -> None:
    await turned_on(visit, telling, service)
    plain = await visit("grace", to=telling, at=SETTINGS, java_script_enabled=False)
    rows = plain.locator("#devices tbody tr")
    before = await rows.count()
    assert before
    await rows.first.locator("button").click()
    await expect(rows).to_have_count(before - 1)


async def filled_in(page: Page, name: str) -> None:
    """Log out, and fill in the login form."""
    await page.goto("/rooms/general")
    await page.locator("form[action='/logout']").last.evaluate("form => form.requestSubmit()")
    await page.wait_for_url("**/login*")
    await page.goto("/login")
    await page.fill("[name=username]", name)
    await page.fill("[name=password]", "correct horse battery")


async def test_a_browser_with_a_new_address_goes_on_for_whoever_turned_it_on_alone(
    visit: Visit, telling: Server, service: PushService
) -> None:
    page, _ = await turned_on(visit, telling, service)
    key = await page.locator("#notifications-here").get_attribute("data-key") or ""
    (worker,) = page.context.service_workers
    assert "PUT" in await worker.evaluate(MOVED, service.browser().subscription(key))
    await filled_in(page, "ada")
    await page.click(LOGIN)
    await page.wait_for_url("**/rooms/*")
    assert "PUT" not in await worker.evaluate(MOVED, service.browser().subscription(key))
    await page.goto(SETTINGS)
    await expect(page.locator("#devices")).to_have_count(0)


async def test_signing_in_anew_goes_on_telling(visit: Visit, telling: Server, service: PushService) -> None:
    page, _ = await turned_on(visit, telling, service)
    await filled_in(page, "grace")
    async with page.expect_response(lambda answer: answer.url.endswith("/me/push") and answer.status == 204):
        await page.click(LOGIN)
    await page.goto(SETTINGS)
    await expect(page.locator("[data-state=pushed]")).to_be_visible()


async def test_what_could_not_be_turned_off_says_so_and_stays_on(
    visit: Visit, telling: Server, service: PushService
) -> None:
    page, _ = await turned_on(visit, telling, service)
    await page.route("**/api/v1/me/push", lambda route: route.abort())
    await page.click("#notifications-off")
    await expect(page.get_by_role("alert")).to_have_text("There is no connection. Try again in a moment.")
    await expect(page.locator("[data-state=pushed]")).to_be_visible()
    await has_no_fault(page)
    await page.unroute_all()
    await page.click("#notifications-off")
    await expect(page.locator("#notifications-on")).to_be_focused()
    await expect(page.get_by_role("alert")).to_have_count(0)
