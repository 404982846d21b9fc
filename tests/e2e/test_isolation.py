"""What other sites, and whoever sits down at a browser next, cannot see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from playwright.async_api import Browser, Page, expect

from tests.e2e.verbs import goes_back, new_room, say
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]


async def test_no_other_site_can_frame_a_page(browser: Browser, server: Server) -> None:
    async def trap(_request: web.Request) -> web.Response:
        frames = "".join(f'<iframe src="{server.url}{path}"></iframe>' for path in ("/login", "/nowhere", "/ping"))
        return web.Response(text=f"<p>trap</p>{frames}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", trap)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    context = await browser.new_context()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        frames = [frame for frame in page.frames if frame is not page.main_frame]
        assert [frame.url for frame in frames] == ["chrome-error://chromewebdata/"] * 3
    finally:
        await context.close()
        await runner.cleanup()


async def test_no_other_site_can_read_or_open_anything(browser: Browser, server: Server, visit: Visit) -> None:
    """A page of another origin, in a browser that is signed in; the guard would count its tries as faults."""
    ada = await visit("ada", at="/rooms/general")
    context = await browser.new_context(storage_state=await ada.context.storage_state())
    foreign = server.url.replace("127.0.0.1", "localhost")
    page = await context.new_page()
    await page.goto(f"{foreign}/ping")
    script = """async (url) => {
      const asked = fetch(url + '/api/v1/me', {credentials: 'include'});
      const read = await asked.then((found) => found.text(), () => 'refused');
      const socket = await new Promise((settle) => {
        const made = new WebSocket(url.replace('http', 'ws') + '/ws');
        made.onopen = () => settle('opened');
        made.onerror = () => settle('refused');
      });
      return [read, socket];
    }"""
    assert await page.evaluate(script, server.url) == ["refused", "refused"]
    await context.close()


# Notes when a page shows the words, be it for the moment before a script takes it away.
WATCH = """addEventListener("pageshow", () => {
  if (document.body.textContent.includes("for my eyes only")) localStorage.setItem("seen", location.pathname);
});"""


async def test_after_logging_out_back_shows_nothing(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.context.add_init_script(WATCH)
    room = await new_room(ada)
    await say(ada, "for my eyes only")
    await ada.reload()
    assert await ada.evaluate("localStorage.getItem('seen')") == f"/rooms/{room}"
    await ada.goto("/settings/profile")
    await ada.evaluate("localStorage.removeItem('seen')")
    await ada.click("main form[action='/logout'] button")
    await ada.wait_for_url("**/login")
    for left in ("/settings/profile", f"/rooms/{room}"):
        await goes_back(ada)
        await ada.wait_for_url(f"**/login?next={left}")
    await ada.goto(f"/rooms/{room}")
    await expect(ada.locator("[name=password]")).to_be_visible()
    assert await ada.evaluate("localStorage.getItem('seen')") is None
    assert await ada.evaluate("Object.keys(localStorage).filter((key) => /^(draft|outbox):/.test(key))") == []
