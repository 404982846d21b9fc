"""Every page in every language, and in two that nobody speaks: it fits, and nothing is left in English."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page, Route, expect

from chatapp.app import create_app
from chatapp.keys import CHAT
from chatapp.storage import migrate
from tests.e2e.test_accessibility import INSIDE, OUTSIDE, WIDTHS, has_no_fault
from tests.e2e.verbs import in_both_widths, new_room, row, say
from tests.support import pseudo
from tests.support.cast import Given, cast
from tests.support.engine import settings_on
from tests.support.pseudo import LEFT_TO_RIGHT, RIGHT_TO_LEFT

Visit = Callable[..., Awaitable[Page]]

CHINESE: Final = "zh-Hans"
# What people wrote, what a machine reads, what is called so in every language, and times: browsers write those and know
# no pseudo-locale.
AS_IT_IS: Final = (
    "bdi, .bd, time, .av, kbd, code, pre, .person-username, .handle, .error-id, .brand, mark,"
    "datalist, [value=en], [title^=Python], [data-emoji], .picker-grid, .rx, .file-name"
)
NAMES: Final = (
    *("Ada Okafor", "Grace Lin", "grace", "ada", "general", "UTC", "chatapp", "Chat", "JWT", "HeadlessChrome"),
    *("tests", "@example.org", "Everyone is here", "Python/3.11 aiohttp/3.14.5"),
    *(
        "bakcup",
        "in:nowhere",
        "from:nobody",
        "nowhere",
        "nobody",
        "in:",
        "from:",
        "Chrome",
        "Linux",
        "room",
        "AM",
        "PM",
    ),
)
CROWDED: Final = """() => {
  const found = [];
  const all = document.documentElement.scrollWidth;
  if (all > innerWidth) found.push(`the page: ${all}`);
  for (const each of document.querySelectorAll("button, .btn, .tag, .chip, label, legend, th, h1, h2, .tabs a")) {
    if (!each.checkVisibility() || !each.clientWidth || each.closest(".vh")) continue;
    if (getComputedStyle(each).textOverflow === "ellipsis") continue;
    if (each.scrollWidth > each.clientWidth + 1) found.push(`${each.outerHTML.slice(0, 120)}: ${each.scrollWidth}`);
  }
  return found;
}"""
LEFT_IN_ENGLISH: Final = """([asItIs, names]) => {
  const found = [];
  const look = (text, where) => {
    for (const name of names) text = text.replaceAll(name, "");
    if (/[A-Za-z]{2}/.test(text)) found.push(`${where}: ${text.trim()}`);
  };
  const outside = (each) => !each.closest(`script, style, noscript, template, ${asItIs}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const box = texts.currentNode.parentElement;
    if (outside(box)) look(texts.currentNode.data, box.tagName);
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const each of document.querySelectorAll(`[${name}]`)) if (outside(each)) look(each.getAttribute(name), name);
  }
  look(document.title, "title");
  return found;
}"""


class Ours:
    """A server of this process, which speaks the languages that nobody does."""

    def __init__(self, given: Given, client: TestClient[Any, Any], sessions: dict[str, str]) -> None:
        self.url = str(client.make_url("")).rstrip("/")
        self.given = given
        self.sessions = sessions

    def state(self, tag: str, username: str = "") -> dict[str, Any]:
        """What a browser keeps in which that language was chosen, and perhaps somebody signed in."""
        kept = {"language": tag, **({"session": self.sessions[username]} if username else {})}
        return {"cookies": [{"name": name, "value": value, "url": self.url} for name, value in kept.items()]}


@asynccontextmanager
async def opened(folder: Path, *names: str) -> AsyncIterator[Ours]:
    data = folder / "data"
    data.mkdir(mode=0o700)
    migrate.upgrade(folder / "chatapp.db")
    settings = replace(settings_on(data, folder / "chatapp.db", durability="normal"), limits=False)
    app = create_app(settings)
    with pseudo.spoken():
        async with TestClient(TestServer(app)) as client, cast(app[CHAT], client) as given:
            sessions = {}
            for name in names:
                person = await given.person(name.split()[0].lower(), is_admin=name == names[0], display_name=name)
                sessions[person.username] = await person.signs_in()
            yield Ours(given, client, sessions)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ours(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ours]:
    async with opened(tmp_path_factory.mktemp("languages"), "Ada Okafor", "Grace Lin") as running:
        yield running


async def faults(page: Page) -> list[str]:
    """What does not fit, and what is left in English."""
    found: list[str] = await page.evaluate(CROWDED)
    if await page.locator("html").get_attribute("lang") != CHINESE:
        found += await page.evaluate(LEFT_IN_ENGLISH, [AS_IT_IS, sorted(NAMES, key=len, reverse=True)])
    return [f"{page.url}: {each}" for each in found]


@pytest.mark.parametrize("tag", [CHINESE, LEFT_TO_RIGHT, RIGHT_TO_LEFT])
async def test_every_page_fits_and_is_translated(visit: Visit, ours: Ours, tag: str) -> None:
    found = []
    for username, paths in (("", OUTSIDE), ("ada", INSIDE)):
        page = await visit(to=ours, storage_state=ours.state(tag, username))
        for path in paths:
            await page.goto(path)
            assert await page.locator("html").get_attribute("lang") == tag
            found += [f"{width} px: {each}" async for width in in_both_widths(page) for each in await faults(page)]
    assert not found, "\n".join(found)


@WIDTHS
@pytest.mark.parametrize("tag", [CHINESE, LEFT_TO_RIGHT, RIGHT_TO_LEFT])
async def test_what_scripts_draw_fits_and_is_translated(
    visit: Visit, ours: Ours, tag: str, viewport: dict[str, int]
) -> None:
    page = await visit(to=ours, viewport=viewport, storage_state=ours.state(tag, "ada"))
    await new_room(page, "grace")
    await say(page, "早上好")
    found = await faults(page)
    await row(page, "早上好").hover()
    await page.keyboard.press("Control+/")
    await expect(page.locator("#shortcuts dd").first).to_be_visible()
    found += await faults(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.fill("#switcher-input", "zzz")
    await expect(page.locator("#switcher-list [role=option]")).to_be_visible()
    found += await faults(page)
    await page.keyboard.press("Escape")
    await page.fill("#message", "")
    await page.focus("#message")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#timeline textarea")).to_be_focused()
    found += await faults(page)
    await page.keyboard.press("Escape")
    await page.fill("#message", "x" * 7_990)
    await expect(page.locator("#counter")).not_to_be_empty()
    found += await faults(page)
    assert not found, "\n".join(found)


async def test_a_page_written_from_right_to_left_is_mirrored(visit: Visit, ours: Ours) -> None:
    page = await visit(to=ours, storage_state=ours.state(RIGHT_TO_LEFT, "ada"), at="/rooms/general")
    sidebar, log = [await page.locator(name).bounding_box() for name in ("#sidebar", "#timeline")]
    assert sidebar
    assert log
    assert sidebar["x"] > log["x"]
    await has_no_fault(page)


@pytest.mark.parametrize("locale", ["zh-CN", "zh", "zh-Hans-CN"])
async def test_a_chinese_browser_gets_chinese_and_a_choice_wins_over_it(visit: Visit, ours: Ours, locale: str) -> None:
    page = await visit(to=ours, at="/login", locale=locale)
    await expect(page.locator("html")).to_have_attribute("lang", CHINESE)
    await expect(page.locator("h1")).to_have_text("登录")
    await has_no_fault(page)
    await page.click("button[lang=en]")
    await expect(page.locator("h1")).to_have_text("Log in")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_the_language_is_chosen_under_the_profile_without_scripts_too(visit: Visit, ours: Ours) -> None:
    page = await visit(to=ours, storage_state=ours.state("en", "grace"), java_script_enabled=False)
    await page.goto("/settings/profile")
    await page.select_option("[name=language]", CHINESE)
    await page.click("form[action='/language'] button")
    await expect(page.locator("h1")).to_have_text("设置")
    await page.goto("/rooms/general")
    await expect(page.locator("#sidebar-rooms")).to_have_text("房间")


async def test_dates_are_drawn_alike_by_the_server_and_by_scripts(visit: Visit, ours: Ours) -> None:
    page = await visit(to=ours, storage_state=ours.state(CHINESE, "ada"), timezone_id="Asia/Shanghai")
    await new_room(page)
    await say(page, "hello")
    for _drawn_by in ("the script", "the server"):
        await expect(page.locator("#timeline h2.day")).to_have_text("今天")
        await page.reload()
    drawn = await page.evaluate(
        """() => new Intl.DateTimeFormat(document.documentElement.lang, {weekday: "long", day: "numeric",
        month: "long", year: "numeric"}).format(new Date("2026-11-03T09:00:00Z"))"""
    )
    assert drawn == "2026年11月3日星期二"


async def test_late_words_come_when_the_connection_is_back(visit: Visit, ours: Ours) -> None:
    page = await visit(to=ours, storage_state=ours.state(CHINESE, "ada"), at="/rooms/general")
    fails = 2

    async def away(route: Route) -> None:
        nonlocal fails
        fails -= 1
        await (route.abort() if fails >= 0 else route.continue_())

    await page.route("**/words/**", away)
    await page.keyboard.press("Control+k")
    await page.fill("#switcher-input", "zzz")
    await expect(page.locator("#switcher-list")).to_contain_text("在消息中搜索")
    assert fails < 0
