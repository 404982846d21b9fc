"""Reactions and pins on the pages, by form."""

from __future__ import annotations

import re

import pytest

from chatapp.domain.chat import Chat
from tests.support.cast import Actor
from tests.web.browser import Browser


def chip(page: str, emoji: str) -> dict[str, str]:
    found = re.search(rf'<button ([^>]*value="{emoji}"[^>]*)>{emoji} <span>(\d+)</span>', page)
    assert found, page
    return {**dict(re.findall(r'([\w-]+)="([^"]*)"', found[1])), "shown": found[2]}


async def reactions(actor: Actor) -> dict[str, tuple[str, ...]]:
    message = await actor.chat.messages.by_index(actor.person, "general", 1)
    return {each.emoji: each.usernames for each in message.reactions}


async def test_a_chip_says_how_many_who_and_whether_oneself(adas: Browser, ada: Actor, grace: Actor) -> None:
    await ada.says("hello")
    for actor, emoji in ((grace, "👍"), (ada, "👍"), (grace, "🎉")):
        await actor.chat.reactions.add(actor.person, "general", 1, emoji)
    page = (await adas.opens("/rooms/general")).text
    mine, hers = chip(page, "👍"), chip(page, "🎉")
    assert (mine["name"], mine["aria-pressed"], mine["shown"]) == ("remove", "true", "2")
    assert (mine["aria-label"], mine["title"]) == ("thumbs up, 2: you, Grace Lin", "Grace Lin, Ada Okafor")
    assert (hers["name"], hers["aria-pressed"], hers["aria-label"]) == ("add", "false", "party popper, 1: Grace Lin")


async def test_emoji_are_named_in_the_language_of_the_reader(adas: Browser, ada: Actor, grace: Actor) -> None:
    await ada.says("hello")
    await grace.chat.reactions.add(grace.person, "general", 1, "🎉")
    for tag, named, at_hand in (("en", "party popper", "thumbs up"), ("zh-CN", "拉炮彩带", "拇指向上")):
        page = (await adas.opens("/rooms/general", **{"Accept-Language": tag})).text
        assert chip(page, "🎉")["aria-label"].startswith(named)
        assert chip(page, "🎉")["data-name"] == named
        assert f'data-name="{at_hand}"' in page


async def test_many_are_counted_and_some_named(adas: Browser, ada: Actor) -> None:
    await ada.says("hello")
    for number in range(12):
        other = await ada.chat.accounts.add(
            username=f"person{number:02}", email=f"p{number}@example.org", password="correct horse battery"
        )
        await ada.chat.reactions.add(other, "general", 1, "👍")
    shown = chip((await adas.opens("/rooms/general")).text, "👍")
    assert shown["title"] == ", ".join(f"person{number:02}" for number in range(10)) + ", +2"
    assert shown["aria-label"] == "thumbs up, 12: person00, person01, person02 and 9 more"
    await ada.chat.reactions.add(ada.person, "general", 1, "👍")
    shown = chip((await adas.opens("/rooms/general")).text, "👍")
    assert shown["aria-label"] == "thumbs up, 13: you, person00, person01 and 10 more"


async def test_a_chip_is_a_button_that_works_without_scripts(adas: Browser, ada: Actor, grace: Actor) -> None:
    await ada.says("hello")
    for fields, given in (({"add": "👍"}, {"👍": ("ada",)}), ({"add": "👍"}, {"👍": ("ada",)}), ({"remove": "👍"}, {})):
        answer = await adas.submits("/rooms/general/1/reactions", on="/rooms/general", **fields)
        assert (answer.status, answer.location) == (303, "/rooms/general/1#m1")
        assert await reactions(ada) == given


@pytest.mark.parametrize("fields", [{}, {"add": ""}, {"add": "x"}, {"remove": ":+1:"}])
async def test_what_is_no_emoji_is_told(adas: Browser, ada: Actor, fields: dict[str, str]) -> None:
    await ada.says("hello")
    answer = await adas.submits("/rooms/general/1/reactions", on="/rooms/general", **fields)
    assert answer.status == 422
    assert "This is not an emoji." in answer.text
    assert await reactions(ada) == {}


async def test_the_page_of_a_message_offers_them_without_scripts(adas: Browser, ada: Actor) -> None:
    await ada.says("hello")
    page = (await adas.opens("/rooms/general/1")).text
    assert 'action="/rooms/general/1/pin"' in page
    assert 'name="add" value="👍" aria-label="React with thumbs up"' in page
    assert "/1/pin" not in (await adas.opens("/rooms/general")).text


async def test_pins_have_a_page(adas: Browser, ada: Actor, chat: Chat) -> None:
    assert "Nothing is pinned here yet" in (await adas.opens("/rooms/general/pins")).text
    for words in ("first words", "other words"):
        await ada.says(words)
    answer = await adas.submits("/rooms/general/1/pin", on="/rooms/general")
    assert (answer.status, answer.location) == (303, "/rooms/general/1#m1")
    page = (await adas.opens("/rooms/general/pins")).text
    assert ("first words" in page, "other words" in page) == (True, False)
    assert 'action="/rooms/general/1/unpin"' in (await adas.opens("/rooms/general/1")).text
    answer = await adas.submits("/rooms/general/1/unpin", on="/rooms/general")
    assert (answer.status, answer.location) == (303, "/rooms/general/pins")
    assert "first words" not in (await adas.opens("/rooms/general/pins")).text
    assert not (await chat.messages.by_index(ada.person, "general", 1)).is_pinned


async def test_who_reacted_has_a_page_that_the_message_leads_to(adas: Browser, ada: Actor, grace: Actor) -> None:
    await ada.says("hello <b>")
    address = "/rooms/general/1/reactions"
    assert address + '"' not in re.sub("<form[^>]*>", "", (await adas.opens("/rooms/general/1")).text)
    assert "Nobody has reacted to this message." in (await adas.opens(address)).text
    for actor, emoji in ((grace, "👍"), (ada, "👍"), (grace, "🎉")):
        await actor.chat.reactions.add(actor.person, "general", 1, emoji)
    assert f'<a class="btn sm" href="{address}">Who reacted</a>' in (await adas.opens("/rooms/general/1")).text
    page = (await adas.opens(address)).text
    headings = re.findall(r'<h2 id="givers-[^>]*>(.*?)</h2>', page)
    assert headings == ['👍 thumbs up <span class="chip">2</span>', '🎉 party popper <span class="chip">1</span>']
    listed = page[page.index('id="givers"') :]
    assert re.findall(r"<bdi>([^<]+)</bdi>", listed) == ["Grace Lin", "Ada Okafor", "Grace Lin"]
    assert re.findall(r'class="person-username">(@\w+)<', listed) == ["@grace", "@ada", "@grace"]
    assert listed.count('<span class="chip">You</span>') == 1
    assert "hello &lt;b&gt;" in page


async def test_of_more_than_a_page_holds_the_rest_is_counted(
    adas: Browser, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.domain.reactions.MOST_SHOWN", 1)
    await ada.says("hello")
    for actor in (grace, ada):
        await actor.chat.reactions.add(actor.person, "general", 1, "👍")
    assert '<p class="lead">and 1 more</p>' in (await adas.opens("/rooms/general/1/reactions")).text


async def test_a_deleted_message_has_no_such_page(adas: Browser, ada: Actor) -> None:
    await ada.says("hello")
    await ada.chat.reactions.add(ada.person, "general", 1, "👍")
    await ada.chat.messages.delete(ada.person, "general", 1)
    for address in ("/rooms/general/1/reactions", "/rooms/general/2/reactions", "/rooms/nowhere/1/reactions"):
        assert (await adas.opens(address)).status == 404
