"""How far one has read: on and back by form and REST, and what reads nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chatapp.domain.chat import Chat
from tests.support.cast import Actor
from tests.web.browser import Browser
from tests.web.script import Script, problem

ROOM = "/api/v1/rooms/general"


async def said(grace: Actor, count: int) -> None:
    for number in range(1, count + 1):
        await grace.says(f"word {number} @ada")


async def read_index(chat: Chat, who: Actor) -> int:
    return (await chat.rooms.show(who.person, "general")).read_index


async def test_by_form_one_reads_takes_it_back_and_marks_unread(
    adas: Browser, ada: Actor, grace: Actor, chat: Chat
) -> None:
    await said(grace, 5)
    assert "Mark as read" in (await adas.opens("/rooms/general")).text
    page = await adas.submits("/rooms/general/read", on="/rooms/general", index="5")
    assert (page.location, await read_index(chat, ada)) == ("/rooms/general", 5)
    shown = (await adas.opens("/rooms/general")).text
    assert 'action="/rooms/general/read/undo"' in shown
    assert "Mark as read<" not in shown
    page = await adas.submits("/rooms/general/read/undo", on="/rooms/general")
    assert (page.location, await read_index(chat, ada)) == ("/rooms/general", 0)
    assert (await adas.submits("/rooms/general/read/undo", on="/rooms/general")).status == 409
    await adas.submits("/rooms/general/read", on="/rooms/general", index="5")
    assert "Mark unread from here" in (await adas.opens("/rooms/general/3")).text
    page = await adas.submits("/rooms/general/3/unread", on="/rooms/general/3")
    # Away from the room, where it would be read at once.
    assert (page.location, await read_index(chat, ada)) == ("/rooms", 2)
    assert re.search(r'data-room="general"[^>]*data-turn="2"', (await adas.opens("/rooms")).text, re.S)


async def test_over_rest_too(ada_script: Script, grace: Actor) -> None:
    await said(grace, 5)

    async def asks(method: str, path: str, body: Any = None) -> Any:
        return json.loads((await ada_script.calls(method, f"{ROOM}{path}", body)).text)

    assert await asks("PUT", "/read", {"index": 4}) == {"unread": 1}
    assert await asks("PUT", "/unread", {"index": 2}) == {"read_index": 1, "read_turn": 1, "unread": 4}
    assert await asks("PUT", "/read", {"index": 5, "turn": 0}) == {"unread": 4}
    assert await asks("PUT", "/read", {"index": 5, "turn": 1}) == {"unread": 0}
    assert await asks("DELETE", "/read") == {"read_index": 1, "read_turn": 2, "unread": 4}
    assert (await ada_script.gets(ROOM))["read_turn"] == 2
    await asks("DELETE", "/read")
    assert problem(await ada_script.calls("DELETE", f"{ROOM}/read")) == (409, "conflict")
    for body in ({}, {"index": 0}, {"index": "1"}, {"index": 2**53 + 1}):
        assert problem(await ada_script.calls("PUT", f"{ROOM}/unread", body)) == (400, "bad_request")


PREFETCHES = [{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}]
PAGES = [
    "/rooms/general",
    "/rooms/general/2",
    "/rooms/general?before=4",
    "/rooms/general?after=1",
    "/rooms/general/pins",
    "/rooms",
    "/search?q=word",
    "/search?q=is:mention",
]


@pytest.mark.parametrize("headers", [{}, *PREFETCHES], ids=["looked at", "prefetched", "prerendered"])
@pytest.mark.parametrize("path", PAGES)
async def test_no_page_reads_by_being_fetched(
    adas: Browser, ada: Actor, grace: Actor, chat: Chat, path: str, headers: dict[str, str]
) -> None:
    await said(grace, 5)
    assert (await adas.opens(path, **headers)).status == 200
    assert await read_index(chat, ada) == 0


@pytest.mark.parametrize(
    "path",
    [
        ROOM,
        f"{ROOM}/messages",
        f"{ROOM}/messages?around=3",
        f"{ROOM}/messages/5",
        f"{ROOM}/pins",
        f"{ROOM}/changes?after=0&wait=1",
        "/api/v1/search?q=word",
    ],
)
async def test_no_script_reads_by_asking(ada_script: Script, ada: Actor, grace: Actor, chat: Chat, path: str) -> None:
    await said(grace, 5)
    assert (await ada_script.calls("GET", path)).status == 200
    assert await read_index(chat, ada) == 0
    ear = await ada.listens_to()
    await ear.asks("getRecentMessages", room="general", limit=5)
    assert await read_index(chat, ada) == 0
