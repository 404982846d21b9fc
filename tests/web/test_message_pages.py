"""A message by form: written anew, deleted; what is refused."""

from __future__ import annotations

import pytest

from chatapp.domain.chat import Chat
from tests.support.cast import Actor
from tests.web.browser import Browser


async def test_a_message_is_written_anew_by_form(adas: Browser, ada: Actor, chat: Chat) -> None:
    await ada.says("first & <b>wording</b>")
    page = await adas.opens("/rooms/general/1/edit")
    assert "first &amp; &lt;b&gt;wording&lt;/b&gt;</textarea>" in page.text
    answer = await adas.submits("/rooms/general/1/edit", content="second wording")
    assert (answer.status, answer.location) == (303, "/rooms/general/1#m1")
    message = await chat.messages.by_index(ada.person, "general", 1)
    assert (message.content, message.edited_at is not None) == ("second wording", True)
    assert "(edited)" in (await adas.opens("/rooms/general")).text


@pytest.mark.parametrize(("content", "status"), [("", 422), ("  ", 422), ("x" * 8001, 413)])
async def test_a_refused_wording_is_kept_in_the_form(adas: Browser, ada: Actor, content: str, status: int) -> None:
    await ada.says("first wording")
    page = await adas.submits("/rooms/general/1/edit", content=content)
    assert page.status == status
    assert f"{content}</textarea>" in page.text
    assert ('aria-invalid="true"' if status == 422 else 'role="alert"') in page.text


async def test_a_message_is_deleted_by_form_and_asked_about_once(adas: Browser, ada: Actor, chat: Chat) -> None:
    await ada.says("said too much")
    assert "said too much" in (await adas.opens("/rooms/general/1/delete")).text
    answer = await adas.submits("/rooms/general/1/delete")
    assert (answer.status, answer.location) == (303, "/rooms/general?after=0#m1")
    assert "said too much" not in (await adas.opens(answer.location.partition("#")[0])).text
    assert (await chat.messages.by_index(ada.person, "general", 1)).is_deleted


@pytest.mark.parametrize("page", ["edit", "delete"])
@pytest.mark.parametrize("index", ["1", "2", "0", "9" * 16, "9" * 40])
async def test_of_what_is_gone_there_is_no_page(adas: Browser, ada: Actor, chat: Chat, page: str, index: str) -> None:
    await ada.says("gone")
    await chat.messages.delete(ada.person, "general", 1)
    path = f"/rooms/general/{index}/{page}"
    assert (await adas.opens(path)).status == 404
    assert (await adas.submits(path, on="/rooms/general", content="x")).status == 404


async def test_a_link_to_what_is_gone_or_not_ones_own_leads_nowhere(
    adas: Browser, graces: Browser, ada: Actor, chat: Chat
) -> None:
    await ada.says("gone")
    await chat.messages.delete(ada.person, "general", 1)
    await chat.rooms.create(ada.person, name="Ops", slug="ops")
    await ada.says("for few", in_="ops")
    for index in ("1", "2", "0", "9" * 16, "9" * 40):
        assert (await adas.opens(f"/rooms/general/{index}")).status == 404
    slug = (await ada.chat.rooms.sidebar(ada.person))[-1].room.slug
    nothing = await graces.opens("/rooms/nowhere/1")
    theirs = await graces.opens(f"/rooms/{slug}/1")
    assert (nothing.status, theirs.status) == (404, 404)
    assert "for few" not in theirs.text
    assert (await adas.opens(f"/rooms/{slug}/1")).status == 200


async def test_letters_of_many_parts_come_back_as_they_were(adas: Browser, ada: Actor, chat: Chat) -> None:
    text = "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 é 🇩🇪 ❤️ नि"
    await adas.submits("/rooms/general/messages", on="/rooms/general", content=text, client_id="", reply_to="")
    assert (await chat.messages.by_index(ada.person, "general", 1)).content == text
    assert text in (await adas.opens("/rooms/general")).text
    assert f"{text}</textarea>" in (await adas.opens("/rooms/general/1/edit")).text


async def test_a_member_neither_edits_nor_deletes_anothers(graces: Browser, ada: Actor) -> None:
    await ada.says("ada's own")
    page = await graces.opens("/rooms/general/1")
    assert "/rooms/general/1/edit" not in page.text
    assert "/rooms/general/1/delete" not in page.text
    for action in ("edit", "delete"):
        assert (await graces.opens(f"/rooms/general/1/{action}")).status == 403
        assert (await graces.submits(f"/rooms/general/1/{action}", on="/rooms/general", content="x")).status == 403


async def test_an_administrator_deletes_anothers(adas: Browser, grace: Actor) -> None:
    await grace.says("grace's own")
    page = await adas.opens("/rooms/general/1")
    assert "/rooms/general/1/edit" not in page.text
    assert "/rooms/general/1/delete" in page.text
    assert (await adas.submits("/rooms/general/1/delete")).status == 303


async def test_earlier_wordings_are_for_the_author_and_administrators(
    adas: Browser, graces: Browser, ada: Actor, grace: Actor, chat: Chat
) -> None:
    await grace.says("first & <b>wording</b>")
    await chat.messages.edit(grace.person, "general", 1, "second wording")
    for browser in (graces, adas):
        page = await browser.opens("/rooms/general/1/history")
        assert "first &amp; &lt;b&gt;wording&lt;/b&gt;" in page.text
        assert "second wording" in page.text
        assert "/rooms/general/1/history" in (await browser.opens("/rooms/general/1")).text
    await ada.says("ada's first")
    await chat.messages.edit(ada.person, "general", 2, "ada's second")
    assert (await graces.opens("/rooms/general/2/history")).status == 404
    assert "/rooms/general/2/history" not in (await graces.opens("/rooms/general/2")).text


async def test_deleting_a_message_deletes_its_earlier_wordings(adas: Browser, ada: Actor, chat: Chat) -> None:
    await ada.says("first wording")
    await chat.messages.edit(ada.person, "general", 1, "second wording")
    await chat.messages.delete(ada.person, "general", 1)
    assert (await adas.opens("/rooms/general/1/history")).status == 404


async def test_a_message_that_was_never_edited_has_no_earlier_wordings(adas: Browser, ada: Actor) -> None:
    await ada.says("only wording")
    page = await adas.opens("/rooms/general/1/history")
    assert (page.status, "<blockquote" in page.text) == (200, False)
    assert "/rooms/general/1/history" not in (await adas.opens("/rooms/general/1")).text
