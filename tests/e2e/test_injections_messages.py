"""Messages that mean harm, by every door, in a real browser: shown as the text they are, live, stored and edited."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, WSMsgType
from playwright.async_api import Page

from chatapp.core.errors import ChatError
from chatapp.core.text import clean
from tests.e2e import injecting
from tests.e2e.injecting import MOST, House, is_encodable, wrong_messages
from tests.support.injections import INJECTIONS
from tests.support.rounds import rounds

Visit = Callable[..., Awaitable[Page]]
# A page holds about three hundred rows; what is checked must still be there.
BATCH = 120
PAGE = 50
DOORS = {
    "form": injecting.by_form,
    "rest": injecting.by_rest,
    "socket": injecting.by_socket,
    "room-socket": injecting.by_room_socket,
}


def is_taken(text: str) -> bool:
    try:
        return clean(text, MOST) == text
    except ChatError:
        return False


TAKEN = [text for text in INJECTIONS if is_taken(text)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A room for each door, of which everybody is a member."""
    async with injecting.open_house(tmp_path_factory.mktemp("messages") / "data", "ada", "grace") as opened:
        for slug in [*DOORS, "typed", "text"]:
            await opened.chat.rooms.create(opened.people["ada"], name=slug)
            await opened.chat.memberships.join(opened.people["grace"], slug)
        yield opened


def numbered(texts: list[str], first: int = 1) -> list[tuple[int, str]]:
    return list(enumerate(texts, first))


async def reads(page: Page, room: str, texts: list[str]) -> list[str]:
    """Page by page as the server draws them: what is wrong."""
    wrong = []
    for start in range(0, len(texts), 50):
        part = numbered(texts[start : start + 50], start + 1)
        await page.goto(f"/rooms/{room}?before={part[-1][0] + 1}")
        wrong += await wrong_messages(page, part)
    return wrong


@pytest.mark.parametrize("door", DOORS)
async def test_every_door_takes_the_same_texts_as_they_are(house: House, door: str) -> None:
    assert len(TAKEN) > 300
    await DOORS[door](house, door, INJECTIONS)
    assert await house.contents(door) == TAKEN


async def test_stored_messages_are_shown_as_text(house: House, visit: Visit) -> None:
    page = await visit("grace", to=house)
    for door in DOORS if rounds(0, 1) else ["form"]:
        assert await reads(page, door, TAKEN) == []


async def test_messages_that_come_while_the_page_is_open_are_shown_as_text(house: House, visit: Visit) -> None:
    await house.chat.rooms.create(house.people["ada"], name="live")
    await house.chat.memberships.join(house.people["grace"], "live")
    page = await visit("grace", at="/rooms/live", to=house)
    for start in range(0, len(TAKEN), BATCH):
        part = TAKEN[start : start + BATCH]
        for text in part:
            await house.chat.messages.post(house.people["ada"], "live", text)
        await page.wait_for_selector(f"#m{start + len(part)}", state="attached")
        assert await wrong_messages(page, numbered(part, start + 1)) == []


async def test_edits_are_shown_as_text(house: House, visit: Visit) -> None:
    ada = house.people["ada"]
    await house.chat.rooms.create(ada, name="edited")
    await house.chat.memberships.join(house.people["grace"], "edited")
    for number in range(PAGE):
        await house.chat.messages.post(ada, "edited", f"harmless {number}")
    page = await visit("grace", at="/rooms/edited", to=house)
    await page.wait_for_selector(f"#m{PAGE}", state="attached")
    for start in range(0, len(TAKEN), PAGE):
        part = TAKEN[start : start + PAGE]
        for index, text in numbered(part):
            await house.chat.messages.edit(ada, "edited", index, text)
        version = (await house.chat.messages.recent(ada, "edited", 1)).version
        await page.wait_for_selector(f"#m{len(part)}[data-version='{version}']", state="attached")
        assert await wrong_messages(page, numbered(part)) == []
    shown = [message.content for message in (await house.chat.messages.after(ada, "edited", 0, PAGE)).messages]
    assert await reads(page, "edited", shown) == []


async def test_what_is_typed_is_shown_as_text_before_and_after_it_is_stored(house: House, visit: Visit) -> None:
    page = await visit("ada", at="/rooms/typed", to=house)
    typed = [text for text in TAKEN if len(text) < 200 and not re.search(r"[\r\x00-\x08\x0b-\x1f]", text)]
    typed = typed[:: len(typed) // rounds(12, 150)]
    for index, text in numbered(typed):
        await page.fill("#message", text)
        await page.press("#message", "Enter")
        await page.wait_for_selector(f"#m{index}", state="attached")
    stored = await house.contents("typed")
    assert [text.strip() for text in stored] == [text.strip() for text in typed]
    assert await wrong_messages(page, numbered(stored)) == []


async def test_a_terminal_is_sent_no_escape_and_no_line_of_somebody_else(house: House) -> None:
    sent = [text for text in INJECTIONS if is_encodable(text)]
    async with (
        ClientSession(house.url, headers=house.bearer("ada")) as session,
        session.ws_connect("/rooms/text/ws?format=text", max_msg_size=0) as ws,
    ):
        for text in sent:
            await ws.send_str(text)
            answer: Any = await ws.receive(timeout=20)
            assert answer.type is WSMsgType.TEXT
            assert answer.data.startswith(("ada: ", "! ")), text
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", answer.data), text
            assert not re.search(r"\n(?!  )", answer.data), text
    assert len(await house.contents("text")) > 300


async def test_the_eyes_see_what_is_wrong(house: House, visit: Visit) -> None:
    """Without this, a check that looks at nothing would be green."""
    ada = house.people["ada"]
    await house.chat.rooms.create(ada, name="eyes")
    await house.chat.messages.post(ada, "eyes", "<b>bold</b>")
    page = await visit("ada", at="/rooms/eyes", to=house)
    assert await wrong_messages(page, [(1, "<b>bold</b>")]) == []
    await page.locator("#m1 .bd").evaluate(
        "body => { body.textContent = 'bold'; body.append(document.createElement('b')) }"
    )
    assert len(await wrong_messages(page, [(1, "<b>bold</b>"), (2, "absent")])) == 3
