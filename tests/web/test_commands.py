"""Lines that begin with a slash, by form and on the page."""

from __future__ import annotations

import json
import re

import pytest

from chatapp.core.text import MOST_UNASKED
from chatapp.domain.chat import Chat
from chatapp.domain.commands import COMMANDS
from tests.support.cast import Actor, Given
from tests.web.browser import Browser, Page
from tests.web.script import Script

FORM = "/rooms/general/messages"
ROOM = "/rooms/general"


async def types(browser: Browser, line: str, **fields: str) -> Page:
    return await browser.submits(FORM, on=ROOM, content=line, **fields)


async def test_what_a_line_does_is_said_on_the_next_page(adas: Browser, ada: Actor, chat: Chat) -> None:
    answer = await types(adas, "/topic Lunch")
    assert (answer.status, answer.location) == (303, ROOM)
    page = await adas.opens(ROOM)
    assert "The topic is changed." in page.text
    assert (await chat.rooms.show(ada.person, "general")).room.topic == "Lunch"
    assert (await chat.messages.recent(ada.person, "general", 1)).index == 0


async def test_an_action_stands_by_itself_with_its_author(adas: Browser, ada: Actor, chat: Chat) -> None:
    for line in ("before", "/me waves", "after"):
        assert (await types(adas, line)).status == 303
    classes = re.findall(r'<article class="(msg[^"]*)"', (await adas.opens(ROOM)).text)[:3]
    assert [each.split()[1:] for each in classes] == [["first", "mine"], ["first", "mine", "action"], ["first", "mine"]]


@pytest.mark.parametrize(("line", "where"), [("/help", "/commands"), ("/search a b", "/search?q=a+b")])
async def test_some_lines_lead_to_a_page(adas: Browser, line: str, where: str) -> None:
    assert (await types(adas, line)).location == where


@pytest.mark.parametrize(
    ("line", "status"),
    [("/nonsense <b>", 422), ("/me", 422), ("/leave", 403), ("/invite @nobody", 404), ("/join x", 404)],
)
async def test_what_cannot_be_done_is_said_and_the_text_stays(
    adas: Browser, ada: Actor, chat: Chat, line: str, status: int
) -> None:
    page = await types(adas, line)
    assert page.status == status
    assert 'class="note bad"' in page.text
    assert line.replace("<b>", "&lt;b&gt;") in page.text
    assert (await chat.messages.recent(ada.person, "general", 1)).index == 0


async def test_two_slashes_say_one(adas: Browser, ada: Actor, chat: Chat) -> None:
    await types(adas, "//me waves")
    await types(adas, "/usr/bin/env")
    said = (await chat.messages.recent(ada.person, "general", 2)).messages
    assert [(each.kind, each.content) for each in said] == [("", "/me waves"), ("", "/usr/bin/env")]


async def test_sent_twice_it_posts_once(adas: Browser, ada: Actor, chat: Chat) -> None:
    for _ in range(2):
        await types(adas, "/me waves", client_id="k")
    assert (await chat.messages.recent(ada.person, "general", 9)).index == 1


async def test_help_lists_every_command(adas: Browser) -> None:
    page = await adas.opens("/commands")
    assert re.findall(r"<code>/(\w+)", page.text) == list(COMMANDS)


async def test_why_one_is_away_stands_with_the_members(adas: Browser, ada: Actor) -> None:
    answer = await adas.submits("/settings/away", on="/settings/profile", is_away="1", status="at <i>lunch</i>")
    assert (answer.status, answer.location) == (303, "/settings/profile#away")
    assert "at &lt;i&gt;lunch&lt;/i&gt;" in (await adas.opens(ROOM)).text
    assert "I am back" in (await adas.opens("/settings/profile")).text
    await adas.submits("/settings/away", on="/settings/profile", is_away="0", status="at lunch")
    assert "lunch" not in (await adas.opens(ROOM)).text
    refused = await adas.submits("/settings/away", on="/settings/profile", is_away="1", status="x" * 101)
    assert (refused.status, "at most 100" in refused.text) == (422, True)


async def test_before_everybody_is_called_one_is_asked_for_an_action_too(
    given: Given, adas: Browser, ada: Actor
) -> None:
    for number in range(MOST_UNASKED):
        await given.person(f"person-{number}")
    assert "Tell everybody?" in (await types(adas, "/me calls @room")).text
    assert (await types(adas, "/me calls @room", is_meant="1")).status == 303


async def test_why_one_is_away_is_on_no_door_while_one_hides(
    adas: Browser, ada_script: Script, grace: Actor, chat: Chat
) -> None:
    direct = await chat.rooms.open_direct(grace.person, "ada")
    doors = [ROOM, f"/rooms/{direct.slug}", "/people", "/rooms/general/settings", "/admin/users"]
    scripts = [f"/api/v1/rooms/general/{each}" for each in ("members", "candidates?q=gra")] + ["/api/v1/users/grace"]

    async def seen() -> set[str]:
        pages = {at: (await adas.opens(at)).text for at in doors}
        answers = {at: json.dumps(await ada_script.gets(at)) for at in scripts}
        return {at for at, text in {**pages, **answers}.items() if "at lunch" in text}

    await chat.presence.set_away(grace.person, "at lunch")
    assert await seen() == {ROOM, f"/rooms/{direct.slug}", "/api/v1/rooms/general/members"}
    await chat.presence.set_hidden(grace.person, True)
    assert await seen() == set()
