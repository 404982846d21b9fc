"""Replies on pages and in forms: what is quoted, and what cannot be."""

from __future__ import annotations

import re

import pytest

from chatapp.core.errors import NotFound
from chatapp.core.text.plain import MOST_WORDS, first_words
from chatapp.domain.chat import Chat
from tests.support.cast import Actor
from tests.support.time import SettableClock
from tests.web.browser import Browser, Page


def quotes(page: Page) -> list[str]:
    found = re.findall(r'<a class="quote" href="[^"]+">(.*?)</a>', page.text)
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()).removeprefix("In reply to ") for each in found]


async def test_a_reply_by_form_quotes_the_original_escaped(adas: Browser, grace: Actor, chat: Chat, ada: Actor) -> None:
    await grace.says("is <b>this</b>\n\n  right?")
    page = await adas.opens("/rooms/general?reply_to=1")
    assert "Replying to" in page.text
    assert page.value("reply_to") == "1"
    answer = await adas.submits("/rooms/general/messages", on="/rooms/general?reply_to=1", content="it is", reply_to=1)
    assert answer.status == 303
    assert (await chat.messages.by_index(ada.person, "general", 2)).reply_to == 1
    assert quotes(await adas.opens("/rooms/general")) == ["Grace Lin is &lt;b&gt;this&lt;/b&gt; right?"]


async def test_a_quote_is_plain_text(adas: Browser, ada: Actor, chat: Chat) -> None:
    await ada.says("**bold** `a<b` [here](https://example.org/) @ada\n\n- one\n- two :fox_face:")
    await chat.messages.post(ada.person, "general", "answer", reply_to=1)
    found = quotes(await adas.opens("/rooms/general"))[0]
    assert found.startswith("Ada Okafor bold a&lt;b here @ada one two "), found


async def test_a_quote_says_what_the_original_says_now(adas: Browser, ada: Actor, chat: Chat) -> None:
    await ada.says("first wording")
    await chat.messages.post(ada.person, "general", "answer", reply_to=1)
    await chat.messages.edit(ada.person, "general", 1, "second wording")
    assert quotes(await adas.opens("/rooms/general"))[0].endswith("second wording")
    await chat.messages.delete(ada.person, "general", 1)
    page = await adas.opens("/rooms/general")
    assert quotes(page)[0].endswith("This message was deleted.")
    assert "second wording" not in page.text


async def test_an_original_outside_of_the_page_is_quoted_too(
    adas: Browser, ada: Actor, chat: Chat, clock: SettableClock
) -> None:
    await ada.says("long ago")
    for number in range(60):
        clock.passes(seconds=1)
        await ada.says(f"text {number}")
    await chat.messages.post(ada.person, "general", "answer", reply_to=1)
    assert quotes(await adas.opens("/rooms/general")) == ["Ada Okafor long ago"]


@pytest.mark.parametrize("index", ["", "0", "2", "x", "-1", "9" * 40])
async def test_a_reply_to_nothing_is_an_ordinary_message_box(adas: Browser, ada: Actor, index: str) -> None:
    await ada.says("something")
    page = await adas.opens(f"/rooms/general?reply_to={index}")
    assert (page.status, page.value("reply_to")) == (200, "")


@pytest.mark.parametrize(("index", "status"), [("0", 404), ("2", 404), ("9" * 18, 404), ("x", 422), ("-1", 422)])
async def test_a_reply_to_nothing_is_refused(adas: Browser, ada: Actor, index: str, status: int) -> None:
    await ada.says("something")
    page = await adas.submits("/rooms/general/messages", on="/rooms/general", content="kept", reply_to=index)
    assert page.status == status


async def test_a_refused_reply_stays_a_reply(adas: Browser, ada: Actor) -> None:
    await ada.says("the original")
    page = await adas.submits("/rooms/general/messages", on="/rooms/general", content=" ", reply_to=1)
    assert (page.status, page.value("reply_to")) == (422, "1")
    assert "Replying to" in page.text


@pytest.mark.parametrize("index", [0, -1, 2, 2**60])
async def test_nothing_replies_to_what_is_not_there(ada: Actor, chat: Chat, index: int) -> None:
    await ada.says("something")
    with pytest.raises(NotFound):
        await chat.messages.post(ada.person, "general", "answer", reply_to=index)


def test_first_words_are_one_line_of_whole_characters() -> None:
    assert first_words("  a\n\tb  ") == "a b"
    assert first_words("x" * MOST_WORDS) == "x" * MOST_WORDS
    assert first_words("🦊" * (MOST_WORDS + 1)) == "🦊" * MOST_WORDS + "…"
