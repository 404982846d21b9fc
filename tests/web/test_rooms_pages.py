"""Rooms by page and form, without a line of script."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from chatapp.domain.chat import Chat
from tests.support.cast import Actor, Given
from tests.support.time import SettableClock
from tests.web.browser import Browser, Page

SHEET = "<script>alert(1)</script> & \"'"


def numbers(page: Page) -> list[int]:
    """The messages on a page, in its order."""
    return [int(found) for found in re.findall(r'<article[^>]* id="m(\d+)"', page.text)]


def for_scripts(page: Page) -> Any:
    found = re.search(r'<script type="application/json" id="page">(.*?)</script>', page.text, re.S)
    assert found, page.text
    return json.loads(found[1])


async def written(actor: Actor, count: int, clock: SettableClock, *, to: str = "general") -> None:
    for number in range(1, count + 1):
        clock.passes(seconds=1)
        await actor.says(f"text {number}", in_=to)


async def test_history_is_in_the_page_itself(adas: Browser, grace: Actor) -> None:
    await grace.says(SHEET)
    page = await adas.opens("/rooms/general")
    assert page.status == 200
    assert numbers(page) == [1]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert 'aria-current="page"' in page.text


async def test_who_takes_anothers_name_is_told_apart_by_the_username(
    adas: Browser, ada: Actor, grace: Actor, chat: Chat
) -> None:
    await chat.accounts.update_profile(grace.person, display_name=ada.person.display_name, time_zone="")
    await ada.says("truly mine")
    await grace.says("mine as well")
    page = (await adas.opens("/rooms/general")).text
    assert re.findall(r'<bdi class="who"><a [^>]+>([^<]+)</a></bdi><span class="handle">([^<]*)<', page)[:2] == [
        ("Ada Okafor", "@ada"),
        ("Ada Okafor", "@grace"),
    ]
    assert re.findall(r'aria-label="(Ada Okafor @\w+), ', page) == ["Ada Okafor @ada", "Ada Okafor @grace"]
    listed = re.findall(r'<bdi>Ada Okafor</bdi></a> <span class="handle">([^<]+)<', page)
    assert listed == ["@ada", "@grace"]


async def test_a_name_that_is_the_username_is_not_said_twice(adas: Browser, ada: Actor, chat: Chat) -> None:
    await chat.accounts.update_profile(ada.person, display_name="ada", time_zone="")
    await ada.says("hello")
    page = (await adas.opens("/rooms/general")).text
    assert '<bdi class="who"><a href="/people/ada">ada</a></bdi><span class="handle"></span>' in page
    assert re.search(r'aria-label="ada, \d', page)


async def test_a_topic_is_asked_for_only_where_none_is_set(adas: Browser, ada: Actor, chat: Chat) -> None:
    await chat.rooms.create(ada.person, name="Ops")
    assert "Set a topic" in (await adas.opens("/rooms/ops")).text
    await chat.rooms.update(ada.person, "ops", topic="Everything")
    page = await adas.opens("/rooms/ops")
    assert "<p>Everything</p>" in page.text
    assert "Set a topic" not in page.text


async def test_what_the_scripts_need_stands_in_the_page(adas: Browser, ada: Actor, grace: Actor, chat: Chat) -> None:
    await grace.says("hello")
    data = for_scripts(await adas.opens("/rooms/general"))
    assert data["me"] == {"username": "ada", "display_name": "Ada Okafor", "is_admin": True}
    assert data["room"] == {"slug": "general", "title": "general", "kind": "open", "may_moderate": True}
    assert (data["index"], data["version"], data["epoch"]) == (1, 1, chat.epoch)
    assert (data["oldest"], data["read_index"], data["limits"]["content"], data["limits"]["files"]) == (1, 0, 8000, 10)
    assert data["strings"]["not_sent"] == "Not sent."
    assert "room" not in for_scripts(await adas.opens("/rooms"))


async def test_text_cannot_end_the_script_element(adas: Browser, ada: Actor, chat: Chat) -> None:
    name = "</script><b>"
    await chat.rooms.create(ada.person, name=name, slug="odd")
    page = await adas.opens("/rooms/odd")
    assert for_scripts(page)["room"]["title"] == name
    assert name not in page.text


async def test_a_message_can_be_posted_by_form(adas: Browser, chat: Chat, ada: Actor) -> None:
    page = await adas.submits("/rooms/general/messages", on="/rooms/general", content="Hello 世界 🦊 שלום")
    assert (page.status, page.location) == (303, "/rooms/general#m1")
    assert "Hello 世界 🦊 שלום" in (await adas.opens("/rooms/general")).text
    assert (await chat.rooms.show(ada.person, "general")).unread == 0


async def test_a_form_sent_twice_is_one_message(adas: Browser) -> None:
    form = await adas.opens("/rooms/general")
    fields = {"csrf": form.csrf(), "client_id": form.value("client_id"), "content": "once"}
    for _ in range(3):
        assert (await adas.posts("/rooms/general/messages", fields)).location == "/rooms/general#m1"
    assert numbers(await adas.opens("/rooms/general")) == [1]


async def test_another_text_with_the_same_key_is_a_conflict(adas: Browser) -> None:
    fields = {"csrf": (await adas.opens("/rooms/general")).csrf(), "client_id": "key", "content": "one"}
    assert (await adas.posts("/rooms/general/messages", fields)).status == 303
    assert (await adas.posts("/rooms/general/messages", {**fields, "content": "two"})).status == 409


@pytest.mark.parametrize("content", ["", "   ", "\u200b", "x" * 8001, "a\x00b"])
async def test_a_refused_text_is_told_in_the_room(adas: Browser, content: str) -> None:
    page = await adas.submits("/rooms/general/messages", on="/rooms/general", content=content)
    assert page.status in {413, 422}
    assert 'class="note bad"' in page.text
    assert 'id="composer"' in page.text
    assert numbers(page) == []


async def test_a_form_in_parts_with_an_empty_file_is_fine(adas: Browser) -> None:
    parts = {"csrf": (await adas.opens("/rooms/general")).csrf(), "content": "in parts", "client_id": ""}
    head = "--b\r\nContent-Disposition: form-data; name="
    body = "".join(f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in parts.items())
    body += f'{head}"file"; filename=""\r\n'
    body += "Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert (await adas.posts("/rooms/general/messages", body, **kind)).status == 303
    assert "in parts" in (await adas.opens("/rooms/general")).text


async def test_older_and_newer_pages_can_be_read(adas: Browser, ada: Actor, chat: Chat, clock: SettableClock) -> None:
    await written(ada, 120, clock)
    await chat.memberships.mark_read(ada.person, "general", 120)
    newest = await adas.opens("/rooms/general")
    assert numbers(newest) == list(range(71, 121))
    older = await adas.opens("/rooms/general?before=71")
    assert numbers(older) == list(range(21, 71))
    assert "/rooms/general?before=21" in older.text
    assert "/rooms/general?after=70" in older.text
    oldest = await adas.opens("/rooms/general?before=21")
    assert numbers(oldest) == list(range(1, 21))
    assert "beginning of #general" in oldest.text
    assert numbers(await adas.opens("/rooms/general?after=70")) == list(range(71, 121))
    assert numbers(await adas.opens("/rooms/general?before=1")) == list(range(71, 121))


WRONG = ["before=x", "before=", "before=-1", "before=1e3", "before=+1", f"after={'9' * 30}", "after=\u0663"]


@pytest.mark.parametrize("query", [*WRONG, "before=1&before=2", "before=2&after=1"])
async def test_a_wrong_number_is_told(adas: Browser, query: str) -> None:
    assert (await adas.opens(f"/rooms/general?{query}")).status == 400


async def test_a_room_opens_at_the_first_unread_message(
    adas: Browser, ada: Actor, grace: Actor, chat: Chat, clock: SettableClock
) -> None:
    await written(grace, 120, clock)
    await chat.memberships.mark_read(ada.person, "general", 30)
    page = await adas.opens("/rooms/general")
    assert numbers(page)[0] < 31 < numbers(page)[-1]
    assert page.text.index('id="m30"') < page.text.index('id="new-line"') < page.text.index('id="m31"')
    assert 'id="newer"' in page.text


async def test_looking_reads_nothing(adas: Browser, ada: Actor, grace: Actor, chat: Chat) -> None:
    await grace.says("one")
    await adas.opens("/rooms/general")
    await adas.opens("/rooms/general", **{"Sec-Purpose": "prefetch"})
    await adas.opens("/rooms/general/1")
    assert (await chat.rooms.show(ada.person, "general")).unread == 1
    await adas.submits("/rooms/general/read", on="/rooms/general", index="1")
    assert (await chat.rooms.show(ada.person, "general")).unread == 0


@pytest.mark.parametrize("index", ["", "x", "-1", "9" * 30])
async def test_a_wrong_reading_mark_is_refused(adas: Browser, index: str) -> None:
    assert (await adas.submits("/rooms/general/read", on="/rooms/general", index=index)).status == 422


async def test_a_permalink_shows_the_message_in_its_context(adas: Browser, ada: Actor, clock: SettableClock) -> None:
    await written(ada, 120, clock)
    page = await adas.opens("/rooms/general/60")
    assert page.status == 200
    assert numbers(page)[0] < 60 < numbers(page)[-1]
    assert re.search(r'<article class="msg[^"]* (target|at)"[^>]* id="m60"', page.text)


async def test_a_permalink_to_nothing_is_not_found(adas: Browser, ada: Actor, chat: Chat) -> None:
    await ada.says("gone")
    await chat.messages.delete(ada.person, "general", 1)
    for index in ("1", "2", "0", "9" * 16, "9" * 40):
        assert (await adas.opens(f"/rooms/general/{index}")).status == 404
    assert "This message was deleted." in (await adas.opens("/rooms/general")).text


async def test_a_room_can_be_made_named_and_filled(adas: Browser, grace: Actor, chat: Chat, ada: Actor) -> None:
    page = await adas.submits("/rooms", on="/rooms/new", name="Ops & Co", slug="ops-co", topic=SHEET, kind="closed")
    slug = page.location.removeprefix("/rooms/")
    shown = await adas.opens(page.location)
    assert "Ops &amp; Co" in shown.text
    assert "<script>alert" not in shown.text
    settings = f"/rooms/{slug}/settings"
    assert (await adas.submits(f"{settings}", name="Ops", topic="deploys")).location == settings
    assert (await chat.rooms.show(ada.person, slug)).title == "Ops"
    added = await adas.submits(f"/rooms/{slug}/members", on=settings, username="Grace")
    assert added.location == f"{settings}#members"
    assert (await chat.rooms.show(grace.person, slug)).is_member
    await adas.submits(f"/rooms/{slug}/members/grace/remove", on=settings)
    assert slug not in {view.room.slug for view in await chat.rooms.sidebar(grace.person)}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": ""}, 422),
        ({"name": "Fine", "slug": "Not Fine"}, 422),
        ({"name": "New", "slug": "new"}, 422),
        ({"name": "General", "slug": "general"}, 409),
        ({"name": "Fine", "kind": "direct"}, 422),
        ({"name": "x" * 500}, 422),
        ({"name": "Fine", "topic": "x" * 5000}, 422),
    ],
)
async def test_a_wrong_room_is_refused_and_what_was_typed_kept(
    adas: Browser, fields: dict[str, str], status: int
) -> None:
    page = await adas.submits("/rooms", on="/rooms/new", **fields)
    assert page.status == status
    assert html.unescape(page.value("name")) == fields["name"]


async def test_an_unknown_person_is_told_on_the_field(adas: Browser, ada: Actor, chat: Chat) -> None:
    await chat.rooms.create(ada.person, name="ops")
    page = await adas.submits("/rooms/ops/members", on="/rooms/ops/settings", username="nobody")
    assert page.status == 404
    assert 'id="f-username-error"' in page.text
    assert page.value("name") == "ops"


async def test_an_open_room_can_be_joined_and_left(graces: Browser, ada: Actor, chat: Chat) -> None:
    await chat.rooms.create(ada.person, name="ops", topic="deploys")
    lobby = await graces.opens("/rooms")
    assert "/rooms/ops/join" in lobby.text
    outside = await graces.opens("/rooms/ops")
    assert outside.status == 200
    assert 'id="composer"' not in outside.text
    assert (await graces.submits("/rooms/ops/join", on="/rooms")).location == "/rooms/ops"
    assert 'id="composer"' in (await graces.opens("/rooms/ops")).text
    assert (await graces.submits("/rooms/ops/leave", on="/rooms/ops/settings")).location == "/rooms"
    assert (await graces.submits("/rooms/general/leave", on="/rooms")).status == 403


async def test_what_one_may_not_see_looks_like_what_is_not_there(
    graces: Browser, ada: Actor, given: Given, chat: Chat
) -> None:
    await given.room("Leads", owner=ada)
    await ada.says("secret", in_="leads")
    pages = []
    for slug in ("leads", "nowhere"):
        for path in (f"/rooms/{slug}", f"/rooms/{slug}/1", f"/rooms/{slug}/settings"):
            page = await graces.opens(path)
            assert page.status == 404
            pages.append(re.sub(r"Request [0-9a-f]{16}", "", page.text))
        for action in ("join", "leave", "messages", "read", "members", "settings"):
            fields = {"content": "x", "index": "1", "username": "grace", "name": "x"}
            answer = await graces.submits(f"/rooms/{slug}/{action}", on="/rooms", **fields)
            assert answer.status == 404, (slug, action)
            pages.append(re.sub(r"Request [0-9a-f]{16}", "", answer.text))
    assert len(set(pages)) == 1


async def test_a_direct_conversation_is_opened_by_name(adas: Browser, grace: Actor, chat: Chat, ada: Actor) -> None:
    assert "/direct" in (await adas.opens("/people")).text
    page = await adas.submits("/direct", on="/people", username="grace")
    room = await adas.opens(page.location)
    assert "Grace Lin" in room.text
    assert (await adas.submits("/direct", on="/people", username="grace")).location == page.location
    assert (await adas.submits("/direct", on="/people", username="nobody")).status == 404


async def test_pages_answer_head(adas: Browser) -> None:
    for path in ("/rooms", "/rooms/general"):
        page = await adas.sends("HEAD", path)
        assert (page.status, page.text) == (200, "")


@pytest.mark.parametrize("slug", ["..%2f..%2fetc", "%F0%9F%A6%8A", "%D7%A9", "x" * 5000, "%27%20OR%201=1", "a%0ab"])
async def test_odd_rooms_do_not_exist(adas: Browser, slug: str) -> None:
    assert (await adas.opens(f"/rooms/{slug}")).status == 404
