"""Everybody and each of them, found by name; rooms to join, found by theirs: by address and form, without scripts."""

from __future__ import annotations

import re

import pytest

from chatapp.domain.chat import Chat
from tests.support.cast import PASSWORD, Actor, Given
from tests.web.browser import Browser, Page


def listed(page: Page) -> list[str]:
    """What the rows of a list lead to."""
    return re.findall(r'<li class="list-row".*?href="/(?:people|rooms)/([^"]+)"', page.text, re.S)


async def test_people_are_found_by_any_part_of_their_names(adas: Browser, grace: Actor, given: Given) -> None:
    await given.person("lin", display_name="林晓")
    for wanted, found in (("gra", ["grace"]), ("@grace", ["grace"]), ("LIN", ["grace", "lin"]), ("%E6%99%93", ["lin"])):
        page = await adas.opens(f"/people?q={wanted}")
        assert (page.status, listed(page)) == (200, found), wanted
    assert 'value="gra"' in (await adas.opens("/people?q=gra")).text
    assert listed(await adas.opens("/people")) == ["ada", "grace", "lin"]


async def test_many_people_stand_on_pages_that_keep_what_is_sought(adas: Browser, given: Given) -> None:
    for number in range(51):
        await given.person(f"user{number:03}")
    first = await adas.opens("/people?q=user")
    assert len(listed(first)) == 50
    assert 'href="/people?q=user&amp;after=user049"' in first.text
    second = await adas.opens("/people?q=user&after=user049")
    assert listed(second) == ["user050"]
    assert 'href="/people?q=user"' in second.text


@pytest.mark.parametrize("query", ["q=nobody-here", "q=%00", "q=%ED%A0%80", "after=%C3%A9&q=a", "q=" + "x" * 5000])
async def test_a_name_that_nobody_has_is_said_so(adas: Browser, query: str) -> None:
    page = await adas.opens(f"/people?{query}")
    assert (page.status, "Nobody is called that." in page.text) == (200, True)


@pytest.mark.parametrize("path", ["/people?q=a&q=b", "/people?after=a&after=b", "/rooms?q=a&q=b"])
async def test_a_search_that_is_none_is_refused(adas: Browser, path: str) -> None:
    assert (await adas.opens(path)).status == 400


async def test_a_name_over_a_message_leads_to_who_wrote_it_and_on_to_writing_to_them(
    adas: Browser, grace: Actor
) -> None:
    await grace.says("hello")
    room = await adas.opens("/rooms/general")
    assert '<bdi class="who"><a href="/people/grace">Grace Lin</a></bdi>' in room.text
    page = await adas.opens("/people/grace")
    assert (page.status, "Grace Lin" in page.text, "/search?q=from:grace" in page.text) == (200, True, True)
    assert (await adas.submits("/direct", on="/people/grace", username="grace")).location.startswith("/rooms/dm-")


async def test_who_is_shut_out_is_so_on_their_page(adas: Browser, ada: Actor, grace: Actor, chat: Chat) -> None:
    await grace.says("hello")
    await chat.accounts.set_disabled(ada.person, "grace", True)
    page = await adas.opens("/people/grace")
    assert (page.status, "Grace Lin" in page.text, "This account is disabled" in page.text) == (200, True, True)
    assert 'action="/direct"' not in page.text
    assert "/search?q=from:grace" in page.text
    assert listed(await adas.opens("/people")) == ["ada"]
    await chat.accounts.set_disabled(ada.person, "grace", False)
    assert 'action="/direct"' in (await adas.opens("/people/grace")).text


async def test_who_is_not_there_has_no_page(adas: Browser, subtests: pytest.Subtests) -> None:
    for username in ("nobody", "%E6%99%93", "x" * 5000):
        with subtests.test(username):
            assert (await adas.opens(f"/people/{username}")).status == 404


async def test_a_name_is_text_on_the_page(adas: Browser, chat: Chat) -> None:
    name = "<img src=x onerror=alert(1)>"
    await chat.accounts.add(username="mallory", email="m@example.org", password=PASSWORD, display_name=name)
    for path in ("/people", "/people/mallory", "/people?q=%3Cimg"):
        text = (await adas.opens(path)).text
        assert ("&lt;img src=x" in text, "<img" in text) == (True, False)


async def test_rooms_to_join_are_found_by_name_address_and_topic(graces: Browser, ada: Actor, chat: Chat) -> None:
    await chat.rooms.create(ada.person, name="Café Ops", slug="ops", topic="Who is on duty")
    await chat.rooms.create(ada.person, name="设计", slug="design")
    for wanted, found in (("cafe%CC%81", ["ops"]), ("%23OPS", ["ops"]), ("duty", ["ops"]), ("%E8%AE%A1", ["design"])):
        assert listed(await graces.opens(f"/rooms?q={wanted}")) == found, wanted
    assert listed(await graces.opens("/rooms")) == ["ops", "design"]
    assert "No room that you can join is called that." in (await graces.opens("/rooms?q=nowhere")).text


async def test_a_closed_room_of_others_is_not_found(graces: Browser, ada: Actor, chat: Chat) -> None:
    closed = await chat.rooms.create(ada.person, name="Secret plans", kind="closed")
    page = await graces.opens("/rooms?q=secret")
    assert (closed.slug in page.text, "Secret plans" in page.text) == (False, False)


async def test_who_writes_to_themselves_takes_notes(adas: Browser, grace: Actor) -> None:
    assert "What you wrote" in (await adas.opens("/people/ada")).text
    own, other = [(await adas.submits("/direct", on="/people", username=name)).location for name in ("ada", "grace")]
    room = (await adas.opens(own)).text
    assert "only you can read what you write here" in room
    assert "This is the beginning of your notes." in room
    room = (await adas.opens(other)).text
    assert "Only the two of you can read what is said here." in room
    assert "This is the beginning of your conversation with Grace Lin." in room


async def test_a_direct_conversation_says_whose_it_is_whatever_they_call_themselves(
    adas: Browser, ada: Actor, grace: Actor, chat: Chat
) -> None:
    await chat.accounts.update_profile(grace.person, display_name=ada.person.display_name, time_zone="")
    room = (await adas.submits("/direct", on="/people", username="grace")).location
    heading = (await adas.opens(room)).text.partition("<h1>")[2].partition("</h1>")[0]
    assert ("@grace" in heading, "@ada" in heading) == (True, False)


async def test_who_is_too_fast_is_told_so_where_they_may_only_add(
    graces: Browser, ada: Actor, grace: Actor, chat: Chat
) -> None:
    await chat.rooms.create(ada.person, name="ops")
    await chat.memberships.join(grace.person, "ops")
    page = await graces.submits("/rooms/ops/members", on="/rooms/ops/settings", username="ada")
    while page.status == 303:
        page = await graces.submits("/rooms/ops/members", on="/rooms/ops/settings", username="ada")
    assert page.status == 429
    assert "Too many at once." in page.text
