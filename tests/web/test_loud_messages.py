"""A message that calls more than twenty people is asked about first, where a page without scripts sends it."""

from __future__ import annotations

import asyncio

import pytest

from chatapp.core.text import MOST_UNASKED
from chatapp.domain.chat import Chat
from tests.support.cast import Given
from tests.support.pictures import picture
from tests.web.browser import Browser, Page
from tests.web.script import MESSAGES, Script
from tests.web.test_file_forms import posts
from tests.web.test_files import uploads


async def crowd(given: Given, chat: Chat, size: int) -> None:
    """Everybody is in general."""
    count = len(await chat.memberships.members(given.actors[0].person, "general"))
    await asyncio.gather(*(given.person(f"person{number}") for number in range(count, size)))


async def answers(browser: Browser, page: Page, **fields: str) -> Page:
    """The button of the page that asks."""
    asked = {name: page.value(name) for name in ("csrf", "content", "client_id", "alt", "uploaded", "is_meant")}
    return await browser.posts("/rooms/general/messages", {**asked, **fields})


async def test_it_is_sent_once_it_is_meant(adas: Browser, ada_script: Script, given: Given, chat: Chat) -> None:
    await crowd(given, chat, MOST_UNASKED + 1)
    page = await posts(adas, ("", b""), content="@room: lunch", client_id="key")
    assert page.status == 200
    assert "This message calls 21 people." in page.text
    assert (await ada_script.gets(MESSAGES))["messages"] == []
    assert (await answers(adas, page)).location == "/rooms/general#m1"
    assert (await answers(adas, page)).location == "/rooms/general#m1"
    (message,) = (await ada_script.gets(MESSAGES))["messages"]
    assert (message["content"], message["mentions"]) == ("@room: lunch", ["@room"])


async def test_its_files_have_come_by_then(adas: Browser, ada_script: Script, given: Given, chat: Chat) -> None:
    await crowd(given, chat, MOST_UNASKED + 1)
    page = await posts(adas, ("a.txt", b"one"), ("a.png", picture(9, 9)), content="@here", alt="A blue square")
    assert (await answers(adas, page)).status == 303
    (message,) = (await ada_script.gets(MESSAGES))["messages"]
    assert [(each["name"], each.get("alt")) for each in message["attachments"]] == [
        ("a.txt", None),
        ("a.png", "A blue square"),
    ]


async def test_nobody_is_asked_about_few_people_or_none(adas: Browser, given: Given, chat: Chat) -> None:
    await crowd(given, chat, MOST_UNASKED)
    assert (await posts(adas, ("", b""), content="@room")).status == 303
    await crowd(given, chat, MOST_UNASKED + 1)
    for content in ("@ada", "room@here.example", "hello"):
        assert (await posts(adas, ("", b""), content=content)).status == 303


@pytest.mark.parametrize("uploaded", ["x", "1 x", "-1", "1e3", "٣", "9" * 19, " ".join(map(str, range(1, 12)))])
async def test_what_is_no_file_is_refused(adas: Browser, ada_script: Script, uploaded: str) -> None:
    assert (await posts(adas, ("", b""), content="text", uploaded=uploaded)).status == 422
    assert (await ada_script.gets(MESSAGES))["messages"] == []


async def test_another_ones_file_cannot_be_sent(adas: Browser, grace_script: Script) -> None:
    file = await uploads(grace_script, b"hers")
    page = await posts(adas, ("", b""), content="mine", uploaded=str(file["id"]))
    assert page.status == 404


async def test_who_thinks_better_of_it_has_the_words_in_the_box_again(
    adas: Browser, ada_script: Script, given: Given, chat: Chat
) -> None:
    await crowd(given, chat, MOST_UNASKED + 1)
    assert (await ada_script.calls("POST", MESSAGES, {"content": "Lunch?"})).status == 201
    files = (("a.txt", b"one"), ("b.txt", b"two"))
    page = await posts(adas, *files, content="@room: lunch\n& tea", client_id="key", reply_to="1")
    assert 'name="is_withdrawn" value="on">Cancel<' in page.text
    again = await answers(adas, page, content="@room: lunch\n& tea", reply_to="1", is_withdrawn="on")
    assert again.status == 200
    assert "\n@room: lunch\n&amp; tea</textarea>" in again.text.replace("\r", "")
    assert (again.value("client_id"), again.value("reply_to")) == ("key", "1")
    assert [each["content"] for each in (await ada_script.gets(MESSAGES))["messages"]] == ["Lunch?"]
    assert "With the 2 files chosen before" in again.text
    await posts(adas, ("c.txt", b"three"), content="lunch", uploaded=again.value("uploaded"))
    sent = (await ada_script.gets(MESSAGES))["messages"][-1]
    assert [each["name"] for each in sent["attachments"]] == ["a.txt", "b.txt", "c.txt"]
