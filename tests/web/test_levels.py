"""How much of a room somebody wants to hear of: the form, REST, and what the lists make of it."""

from __future__ import annotations

import json
import re

from chatapp.domain.chat import Chat
from tests.support.cast import Actor, Given
from tests.web.browser import Browser, Page
from tests.web.script import Script, problem


def item(page: Page, slug: str) -> str:
    """The room's place in the sidebar."""
    found = re.search(rf'<li[^>]*>\s*<a class="room-link"\s+href="/rooms/{slug}".*?</li>', page.text, re.S)
    assert found, page.text
    return found[0]


async def test_the_form_says_what_is_and_changes_it(adas: Browser, ada: Actor, chat: Chat) -> None:
    settings = "/rooms/general/settings"
    assert re.search(r'value="all"\s+checked', (await adas.opens(settings)).text)
    assert (await adas.submits("/rooms/general/level", on=settings, level="mentions")).location == settings
    page = await adas.opens(settings)
    assert re.search(r'value="mentions"\s+checked', page.text)
    assert "Saved." in page.text
    assert (await chat.rooms.show(ada.person, "general")).level == "mentions"


async def test_a_conversation_has_a_page_for_its_level_only(adas: Browser, grace: Actor, chat: Chat) -> None:
    room = (await chat.rooms.open_direct(grace.person, "ada")).slug
    settings = f"/rooms/{room}/settings"
    assert f'href="{settings}"' in (await adas.opens(f"/rooms/{room}")).text
    page = await adas.opens(settings)
    assert "Mentions" not in page.text
    assert 'name="topic"' not in page.text
    await adas.submits(f"/rooms/{room}/level", on=settings, level="nothing")
    await grace.says("hello", in_=room)
    assert 'class="badge" hidden' in item(await adas.opens("/rooms/general"), room)


async def test_a_hidden_room_is_listed_apart_and_comes_back_by_one_button(
    adas: Browser, ada: Actor, chat: Chat
) -> None:
    room = (await chat.rooms.create(ada.person, name="Ops", slug="ops")).slug
    await chat.memberships.set_level(ada.person, room, "hidden")
    page = await adas.opens("/rooms")
    assert item(page, room).startswith("<li hidden>")
    assert "Rooms you have hidden" in page.text
    # While it is open it is where it was.
    assert item(await adas.opens(f"/rooms/{room}"), room).startswith("<li>")
    await adas.submits(f"/rooms/{room}/level", on="/rooms", level="all")
    page = await adas.opens("/rooms")
    assert item(page, room).startswith("<li>")
    assert "Rooms you have hidden" not in page.text


async def test_a_quiet_room_counts_mentions_only(adas: Browser, ada: Actor, grace: Actor, chat: Chat) -> None:
    await chat.memberships.set_level(ada.person, "general", "mentions")
    await grace.says("for nobody")
    await grace.says("for @ada")
    room = item(await adas.opens("/rooms"), "general")
    assert 'class="count" hidden' in room
    assert re.search(r'class="badge named">1<', room)
    assert 'data-level="mentions"' in room


async def test_a_level_is_set_and_shown_over_rest(ada_script: Script, grace_script: Script, given: Given) -> None:
    level = "/api/v1/rooms/general/level"
    assert (await ada_script.calls("PUT", level, {"level": "nothing"})).status == 204
    assert (await ada_script.gets("/api/v1/rooms/general"))["level"] == "nothing"
    assert (await grace_script.gets("/api/v1/rooms/general"))["level"] == "all"
    for body in ({}, {"level": "loud"}, {"level": None}, {"level": 1}):
        assert problem(await ada_script.calls("PUT", level, body)) == (400, "bad_request")
    answer = json.loads((await ada_script.calls("PUT", level, {"level": "loud"})).text)
    assert answer["errors"] == [{"field": "level", "detail": "This must be one of: all, mentions, nothing, hidden."}]
    await given.room("Plaza", owner=await given.person("lin"), kind="open")
    assert json.loads((await ada_script.calls("GET", "/api/v1/rooms/plaza")).text)["level"] is None
