"""Pages that say back what they were sent: whatever that is, they are made of the same elements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from chatapp.web.paths import own_path
from tests.e2e import injecting
from tests.e2e.injecting import SHAPES, VALUES, Browsing, House, is_encodable
from tests.support.injections import INJECTIONS
from tests.support.rounds import rounds

Echo = Callable[[Browsing, str], Awaitable[str]]

# Texts without harm that lead each page through all it can say.
HARMLESS = (
    "grace",
    "zebra",
    "",
    " ",
    "a b",
    "zebra" * 14,
    "zebra" * 60,
    "zebra" * 700,
    "9",
    "\u202e",
    "x\nx",
    "a@b",
    "\x00",
)
SHORT = 500


def path(prefix: str) -> Echo:
    return lambda visitor, text: visitor.opens(prefix + quote(text[:SHORT], safe=""))


def form(address: str, *names: str, **fixed: str) -> Echo:
    return lambda visitor, text: visitor.posts(address, **dict.fromkeys(names, text), **fixed)


# The first six as nobody, the others as somebody who is signed in.
ECHOES: dict[str, tuple[str, Echo]] = {
    "next": ("", path("/login?next=")),
    "login": ("", form("/login", "username", password="wrong", next="/")),
    "forgotten": ("", form("/forgot", "email")),
    "invite": ("", path("/join/")),
    "reset": ("", path("/reset/")),
    "confirm": ("", path("/verify/")),
    "room": ("ada", path("/rooms/")),
    "before": ("ada", path("/rooms/general?before=")),
    "new room": ("ada", form("/rooms", "name", "topic", "kind", slug="!")),
    "profile": ("ada", form("/settings/profile", "display_name", "time_zone")),
    "message": ("ada", form("/rooms/general/messages", "content", client_id="x" * 70)),
    "direct": ("ada", form("/direct", "username")),
    "member": ("ada", form("/rooms/mine/members", "username")),
    "token": ("ada", form("/settings/tokens", "name", days="x")),
    "session": ("ada", form("/settings/sessions/end", "digest")),
    "theme": ("ada", form("/settings/theme", "theme")),
    "density": ("ada", form("/settings/density", "density")),
    "clock": ("ada", form("/settings/clock", "hour_cycle")),
}
KEPT = {"login": 1, "new room": 2, "profile": 2, "message": 1, "member": 1, "token": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with injecting.open_house(tmp_path_factory.mktemp("echoes") / "data", "ada", "grace") as opened:
        await opened.chat.rooms.create(opened.people["ada"], name="mine")
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def eyes(browser: Browser) -> AsyncIterator[Page]:
    """A page that takes others apart without running anything."""
    context = await browser.new_context()
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("name", ECHOES)
async def test_a_page_is_made_of_the_same_elements_whatever_it_says_back(house: House, eyes: Page, name: str) -> None:
    who, echo = ECHOES[name]
    share = rounds(8, 1)
    mine = list(ECHOES).index(name) % share
    texts = [text for place, text in enumerate(INJECTIONS) if is_encodable(text) and place % share == mine]
    async with house.browses(who) as visitor:
        known = set(await eyes.evaluate(SHAPES, [await echo(visitor, text) for text in HARMLESS]))
        pages = [await echo(visitor, text) for text in texts]
    shapes = await eyes.evaluate(SHAPES, pages)
    assert [text for text, shape in zip(texts, shapes, strict=True) if shape not in known] == []
    if name in KEPT:
        values = await eyes.evaluate(VALUES, pages)
        lost = [text for text, found in zip(texts, values, strict=True) if found.count(parsed(text)) < KEPT[name]]
        assert lost == []


def parsed(text: str) -> str:
    """As a parser of HTML reads it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


async def test_a_real_browser_finds_every_next_on_this_site(eyes: Page) -> None:
    pieces = [
        "/",
        "\\",
        "//",
        "%2f",
        "%5c",
        "%09",
        "\t",
        "\n",
        ".",
        "..",
        ":",
        "@",
        "evil.example",
        "rooms",
        "?",
        "#",
        " ",
        "https:",
    ]
    tried = ["/" + "".join(parts) for parts in zip(*([iter(pieces * 300)] * 5), strict=False)]
    tried += ["/" + one + two + three for one in pieces for two in pieces for three in pieces]
    kept = [own_path(target) for target in tried]
    assert len(set(kept)) > 100
    script = "targets => targets.map((target) => new URL(target, 'https://chat.test/login').origin)"
    assert set(await eyes.evaluate(script, kept)) == {"https://chat.test"}


async def test_the_eyes_see_an_element_too_many(eyes: Page) -> None:
    harmless, harmful = "<p title='x'>x</p>", "<p title='x' onclick='x'>x</p>"
    shapes = await eyes.evaluate(SHAPES, [harmless, harmful, "<p title='y'>y</p>", "<p title='x'>x<b></b></p>"])
    assert shapes[0] == shapes[2]
    assert len(set(shapes)) == 3
