"""What people do on the pages, in a few words."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import APIResponse, BrowserContext, FilePayload, Locator, Page, Route, WebSocketRoute, expect

from tests.support.browser import NARROW, WIDE
from tests.support.server import Server

CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')
NOTES: Final = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"hello")
# Nothing ends while a page is on its way.
HELD_SECONDS: Final = 60.0
# Fills the open room quickly, over a socket of the page's own.
POST_MANY: Final = """async count => {
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
}"""

_numbers = itertools.count(1)


async def api(server: Server, token: str, method: str, path: str, **fields: Any) -> Any:
    """A call of the REST API, as a script would make it."""
    import aiohttp

    async with (
        aiohttp.ClientSession(server.url, headers={"Authorization": f"Bearer {token}"}) as session,
        session.request(method, f"/api/v1{path}", json=fields or None) as answer,
    ):
        assert answer.status < 400, await answer.text()
        return await answer.json() if answer.content_type == "application/json" else None


async def new_room(page: Page, *members: str, kind: str = "open", name: str = "") -> str:
    """A room with a name no other test has; its slug. The page is left in it."""
    made = await submit(page.context, "/rooms", at="/rooms/new", name=name or f"room {next(_numbers)}", kind=kind)
    slug = made.headers["location"].rpartition("/")[2]
    for member in members:
        await submit(page.context, f"/rooms/{slug}/members", at=f"/rooms/{slug}/settings", username=member)
    await page.goto(f"/rooms/{slug}")
    return slug


async def in_both_widths(page: Page) -> AsyncIterator[int]:
    """A desk and a phone, without loading it anew; the width in CSS pixels."""
    for size in (WIDE, NARROW):
        await page.set_viewport_size(size)
        yield size["width"]
    await page.set_viewport_size(WIDE)


async def submit(context: BrowserContext, path: str, *, at: str, **fields: str) -> APIResponse:
    """Send the form that the page ``at`` has, without drawing it: that a browser can has tests of its own."""
    page = await context.request.get(at)
    parts = urlsplit(page.url)
    form: dict[str, str | float | bool] = {"csrf": CSRF.findall(await page.text())[0], **fields}
    headers = {"Origin": f"{parts.scheme}://{parts.netloc}"}
    answer = await context.request.post(path, form=form, headers=headers, max_redirects=0)
    assert answer.status == 303, await answer.text()
    return answer


async def sends(page: Page, button: str) -> None:
    """Press the button of a form; whoever goes on before it was answered may take it back."""
    async with page.expect_response(lambda response: response.request.method == "POST"):
        await page.click(button)


async def attach(page: Page, *files: Any) -> None:
    """Choose files through the button."""
    async with page.expect_file_chooser() as opened:
        await page.get_by_role("button", name="Attach files").click()
    await (await opened.value).set_files(list(files))


async def hold(page: Page, url: str | re.Pattern[str]) -> asyncio.Event:
    """What is asked for there waits until this is set, or a test that failed has not set it."""
    arrives = asyncio.Event()

    async def waits(route: Route) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(arrives.wait(), HELD_SECONDS)
        await route.continue_()

    await page.route(url, waits)
    return arrives


async def goes_back(page: Page) -> None:
    """As by the browser's button; the page is left when it has answered."""
    await page.evaluate("setTimeout(() => history.back())")


def rows(page: Page) -> Locator:
    return page.locator("#timeline .msg")


def row(page: Page, text: str) -> Locator:
    return rows(page).filter(has_text=text)


async def say(page: Page, text: str) -> Locator:
    """Type, press Enter, and see it stored."""
    await page.fill("#message", text)
    await page.press("#message", "Enter")
    written = row(page, text)
    await expect(written).to_have_count(1)
    await expect(written).to_have_attribute("data-index", re.compile(r"\d+"))
    return written


async def say_into_the_void(page: Page, text: str) -> Locator:
    """Type and press Enter, and let the ten seconds pass in which an answer may come. The page's clock is ours."""
    await page.fill("#message", text)
    await page.press("#message", "Enter")
    written = row(page, text)
    await expect(written).to_have_class(re.compile("pending"))
    await page.clock.fast_forward(9_000)
    await expect(written).to_have_class(re.compile("pending"))
    await page.clock.fast_forward(1_000)
    await expect(written).to_have_class(re.compile("failed"))
    return written


async def texts(page: Page) -> list[str]:
    return await page.locator("#timeline .msg .bd").all_inner_texts()


async def distance_to_end(page: Page) -> float:
    script = "(() => { const t = document.getElementById('timeline');"
    return float(await page.evaluate(script + "return t.scrollHeight - t.scrollTop - t.clientHeight })()"))


async def post_many(page: Page, count: int) -> None:
    await page.evaluate(POST_MANY, count)


async def top_of(page: Page, text: str) -> float:
    return float(await row(page, text).evaluate("row => row.getBoundingClientRect().top"))


class Wire:
    """The page's sockets, in our hand: frames can be held back and connections cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self.is_silent = False
        self.swallows: str | None = None
        self.swallowed: list[str] = []
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
            if self.swallows and self.swallows in str(message):
                self.swallowed.append(str(message))
            elif not self.is_silent:
                server.send(message)

        def pass_back(message: str | bytes) -> None:
            if not self.is_silent:
                route.send(message)

        route.on_message(pass_on)
        server.on_message(pass_back)
        return None


async def comes_true(page: Page, expression: str) -> None:
    """Wait for what a page holds; Playwright's own waiting evaluates text in it, which our policy forbids."""
    async with asyncio.timeout(30):
        while not await page.evaluate(expression):  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.02)
