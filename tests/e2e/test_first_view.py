"""A room opened by somebody who has nothing of it yet: few bytes, one answer to read by, and nothing moves then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.e2e.verbs import Wire, comes_true, new_room, rows
from tests.support.browser import NARROW, WIDE
from tests.support.dribble import dribbling
from tests.support.first_view import PAINTED, SHIFTS, FirstView
from tests.support.house import until
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

BUDGET: Final = 55_000
# As many as a page holds, and as long as people write.
MESSAGES: Final = 50
WORDS: Final = (
    "because the release was slow again nobody noticed that queue until lunch so please look at it when you can"
)
SLOW: Final = {"latency_ms": 150, "bytes_per_second": 200_000}
# What a server without the library, and a browser on plain http, are left with.
GZIP: Final = {"Accept-Encoding": "gzip"}
PIECES: Final = 100
# In which a page is drawn that waits for nothing.
A_WHILE: Final = 0.5
# That of a browser which knows nothing of waiting for the whole page, as half of them do.
WAITS: Final = 'rel="expect"'
# Nothing is drawn of a head.
DRAWN: Final = """() => !document.body || new Promise(drawn => {
  requestAnimationFrame(() => requestAnimationFrame(() => drawn(true)));
})"""

PLACES: Final = """() => ["#main", "#timeline", "#composer"].map(name => {
  const {x, y, width, height} = document.querySelector(name).getBoundingClientRect();
  return [x, y, width, height];
})"""


def text(n: int) -> str:
    """The ``n``-th message: 4 to 30 words, of no two the same."""
    words = WORDS.split()
    return f"{n}. {' '.join(words[(n * 7 + k * (n % 5 + 1)) % len(words)] for k in range(4 + n * 5 % 27))}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ours(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server of our own: what is counted must not hang on how many rooms other tests have made."""
    running = Server(tmp_path_factory.mktemp("first") / "data", LIMITS="off")
    await running.add_person("ada", display_name="Ada Okafor", is_admin=True)
    await running.start()
    try:
        yield running
    finally:
        await running.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def room(visit: Visit, ours: Server) -> tuple[str, Any]:
    """A room with a page of messages; its slug, and what a browser keeps of having signed in."""
    page = await visit("ada", to=ours)
    slug = await new_room(page)
    path, own = f"/api/v1/rooms/{slug}/messages", {"Origin": ours.url}
    post = page.context.request.post
    answers = await asyncio.gather(*(post(path, data={"content": text(n)}, headers=own) for n in range(MESSAGES)))
    assert {answer.status for answer in answers} == {201}
    return slug, await page.context.storage_state()


@pytest.mark.parametrize(
    ("looks", "line"),
    [
        ({"viewport": WIDE}, {}),
        ({"viewport": NARROW, "color_scheme": "dark"}, SLOW),
        ({"viewport": WIDE, "locale": "zh-CN"}, {}),
        ({"viewport": WIDE, "extra_http_headers": GZIP}, {}),
        ({"viewport": WIDE, "locale": "zh-CN", "extra_http_headers": GZIP}, {}),
    ],
    ids=["wide", "narrow, dark, on a slow line", "in Chinese", "without Brotli", "in Chinese without Brotli"],
)
async def test_a_first_view_costs_at_most_55_kb(
    visit: Visit, ours: Server, room: tuple[str, Any], looks: dict[str, Any], line: dict[str, int]
) -> None:
    slug, signed_in = room
    page, view = await visit(to=ours, storage_state=signed_in, **looks), FirstView()
    await view.watch(page, **line)
    await page.goto(f"/rooms/{slug}")
    await until(lambda: view.is_complete)
    await expect(page.locator("#message")).to_be_focused()
    await expect(rows(page)).to_have_count(MESSAGES)
    assert {path.rpartition("/")[2] for path in view.sizes} >= {slug, "app.js", "timeline.js", "ws"}
    assert await page.locator("html").get_attribute("lang") == ("zh-Hans" if "locale" in looks else "en")
    assert view.total <= BUDGET, " ".join(f"{name}={size}" for name, size in view.sizes.items())


async def test_the_first_answer_is_enough_to_read_by(visit: Visit, ours: Server, room: tuple[str, Any]) -> None:
    slug, signed_in = room
    page = await visit(to=ours, storage_state=signed_in)
    held: list[Route] = []
    await page.route("**/static/**", lambda route: held.append(route))
    await page.goto(f"/rooms/{slug}", wait_until="commit")
    await comes_true(page, PAINTED)
    await expect(rows(page).first).to_be_visible()
    assert await page.locator(".app").evaluate("app => getComputedStyle(app).display") == "grid"
    assert {route.request.url.rpartition("/")[2] for route in held} >= {"app.js", "timeline.js"}
    for route in held:
        await route.abort()


async def test_the_styles_of_the_next_page_come_when_somebody_stirs(
    visit: Visit, ours: Server, room: tuple[str, Any]
) -> None:
    slug, signed_in = room
    page = await visit(to=ours, storage_state=signed_in)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    await page.goto(f"/rooms/{slug}")
    await expect(page.locator("#message")).to_be_focused()
    assert "app.css" not in asked
    async with page.expect_response("**/app.css") as found:
        await page.keyboard.press("Shift")
    assert (await found.value).ok
    await page.click("#jump")
    assert asked.count("app.css") == 1


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_nothing_moves_while_the_page_arrives(
    visit: Visit, ours: Server, room: tuple[str, Any], viewport: Any
) -> None:
    slug, signed_in = room
    path = f"/rooms/{slug}"
    async with dribbling(ours.url, path, PIECES, lambda text: text.replace(WAITS, 'rel="help"')) as line:
        page = await visit(storage_state=signed_in, viewport=viewport, to=line)
        await page.add_init_script(SHIFTS)
        await page.route_web_socket("**/ws*", lambda _: None)
        line.give()
        await page.goto(path, wait_until="commit")
        for _ in range(PIECES - 1):
            line.give()
            await comes_true(page, DRAWN)
        await expect(page.locator("#message")).to_be_focused()
        await expect(rows(page)).to_have_count(MESSAGES)
        await comes_true(page, DRAWN)
        assert await page.evaluate("window.__shifts") == []


async def test_what_the_browser_allows_is_known_before_the_page_about_it_is_drawn(visit: Visit, ours: Server) -> None:
    page = await visit("ada", to=ours)
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/permission.js", held.put)
    await page.add_init_script(SHIFTS)
    await page.goto("/settings/notifications", wait_until="commit")
    script = await held.get()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(A_WHILE):
            await comes_true(page, PAINTED)
    await script.continue_()
    await comes_true(page, PAINTED)
    await expect(page.locator("#notifications-here [data-state]:visible")).to_have_count(1)
    await expect(page.locator("[data-state=none]")).to_be_hidden()
    await comes_true(page, DRAWN)
    assert await page.evaluate("window.__shifts") == []


async def test_news_of_the_connection_moves_nothing(visit: Visit, ours: Server, room: tuple[str, Any]) -> None:
    slug, signed_in = room
    page, wire = await visit(to=ours, storage_state=signed_in), Wire()
    wire.is_silent = True
    await wire.hold(page)
    await page.goto(f"/rooms/{slug}")
    await expect(page.locator("#banner")).to_be_visible()
    beside_it = await page.evaluate(PLACES)
    await page.locator("#banner").evaluate("banner => banner.style.setProperty('display', 'none')")
    assert await page.evaluate(PLACES) == beside_it
