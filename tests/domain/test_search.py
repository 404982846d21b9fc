"""Finding what was said: in every script, in the rooms one is in, and never by words that are gone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chatapp.core.errors import Invalid, RateLimited
from chatapp.core.models import Attach, Person
from chatapp.core.search import parse
from chatapp.core.searchable import composed
from chatapp.domain import search
from chatapp.domain.search import Days, Results
from tests.support.house import House
from tests.support.pictures import picture


async def finds(house: House, actor: Person, text: str, **how: object) -> list[str]:
    return [hit.message.content for hit in (await results(house, actor, text, **how)).hits]


async def results(house: House, actor: Person, text: str, **how: object) -> Results:
    return await house.chat.search.find(actor, parse(text), Days(), **how)  # type: ignore[arg-type]


@pytest.fixture
async def ada(unhurried: House) -> Person:
    return await unhurried.person("ada", is_admin=True)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("The nightly backup is done", "backup"),
        ("The nightly backup is done", "BACK nig"),
        ("数据库备份完成", "备份"),
        ("数据库备份完成", "库"),
        ("สวัสดีครับ", "ดีครับ"),
        ("naïve Straße", "naive strasse"),
        ("see https://git.example.org/team/repo?tab=1", "example.org/team"),
        ("see https://git.example.org/team/repo?tab=1", "repo"),
        ("call getRecentMessages()", "recentMessages"),
        ("call getRecentMessages()", "messages"),
        ("set CHATAPP_SMTP_URL", "smtp"),
        ("Привет, ёлка", "елка"),
        ("مُحَمَّد هنا", "محمد"),
        ("done 🎉", "🎉"),
        ("it was AND not OR", "AND OR NOT"),
    ],
)
async def test_what_was_said_is_found(unhurried: House, ada: Person, said: str, asked: str) -> None:
    await unhurried.chat.messages.post(ada, "general", said)
    await unhurried.chat.messages.post(ada, "general", "something else")
    assert await finds(unhurried, ada, asked) == [said]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("a backup", "ackup"),
        ("getRecentMessages", "centMess"),
        ("数据 库", "据库"),
        ("the dog is lazy", '"lazy dog"'),
        ("backups", '"backup"'),
        ("one two", "one three"),
        ("started", "art"),
        ("is it ok", "i"),
        ("a backup", "backup -a"),
        ("lazy dog", '-"lazy dog" lazy'),
    ],
)
async def test_what_is_not_meant_is_not_found(unhurried: House, ada: Person, said: str, asked: str) -> None:
    await unhurried.chat.messages.post(ada, "general", said)
    assert await finds(unhurried, ada, asked) == []


async def test_filters_say_where_by_whom_when_and_with_what(unhurried: House, ada: Person) -> None:
    chat, clock = unhurried.chat, unhurried.clock
    grace = await unhurried.person("grace")
    ops = await chat.rooms.create(ada, name="Ops Team", slug="ops")
    await chat.memberships.join(grace, "ops")
    direct = await chat.rooms.open_direct(ada, "grace")
    await chat.messages.post(ada, "general", "first deploy https://example.org")
    clock.passes(seconds=86_400)
    await chat.messages.post(grace, ops.slug, "second deploy")
    clock.passes(seconds=1)
    await chat.messages.post(ada, direct.slug, "third deploy")
    await chat.reactions.add(ada, "ops", 1, "🎉")
    await chat.pins.add(ada, "general", 1)
    first, second, third = "first deploy https://example.org", "second deploy", "third deploy"
    for asked, expected in {
        "deploy": [third, second, first],
        "deploy in:ops": [second],
        "in:#ops": [second],
        'deploy in:"ops team"': [second],
        "deploy in:ops in:general": [second, first],
        "deploy -in:ops": [third, first],
        "deploy in:@grace": [third],
        "deploy from:grace": [second],
        "deploy from:@GRACE": [second],
        "deploy from:me": [third, first],
        "deploy -from:me": [second],
        "-from:me in:ops": [second],
        "has:link": [first],
        "deploy -has:link": [third, second],
        "has:reaction": [second],
        "is:pinned deploy": [first],
        "in:nowhere": [],
        "deploy from:nobody": [],
        "deploy has:anything": [],
    }.items():
        assert await finds(unhurried, ada, asked) == expected, asked
    assert (await results(unhurried, ada, "x in:nowhere from:nobody")).unknown == ("@nobody", "#nowhere")


async def test_days_begin_and_end_what_is_searched(unhurried: House, ada: Person) -> None:
    now = unhurried.clock()
    await unhurried.chat.messages.post(ada, "general", "yesterday")
    unhurried.clock.passes(seconds=1)
    await unhurried.chat.messages.post(ada, "general", "today")
    query = parse("from:me after:2026-01-01 before:2026-01-02")
    for days, expected in (
        (Days(since=now + 1), ["today"]),
        (Days(before=now + 1), ["yesterday"]),
        (Days(since=now, before=now), []),
        (Days(since=now, before=now + 1001), ["today", "yesterday"]),
    ):
        found = await unhurried.chat.search.find(ada, query, days)
        assert [hit.message.content for hit in found.hits] == expected


async def test_words_that_were_edited_away_or_deleted_are_not_found(unhurried: House, ada: Person) -> None:
    messages = unhurried.chat.messages
    await messages.post(ada, "general", "my password is hunter2")
    await messages.post(ada, "general", "my other password is swordfish")
    assert len(await finds(unhurried, ada, "password")) == 2
    await messages.edit(ada, "general", 1, "never mind")
    await messages.delete(ada, "general", 2)
    for asked in ("password", "hunter2", "swordfish", "swordf"):
        assert await finds(unhurried, ada, asked) == []
    assert await finds(unhurried, ada, "mind") == ["never mind"]


async def test_not_even_before_the_index_knows(unhurried: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    messages, indexing = unhurried.chat.messages, unhurried.chat.search.indexing
    await messages.post(ada, "general", "my password is hunter2")
    await messages.post(ada, "general", "a second hunter2")
    assert len(await finds(unhurried, ada, "hunter2")) == 2
    monkeypatch.setattr(indexing, "catch_up", indexing.progress)
    await messages.edit(ada, "general", 1, "never mind")
    await messages.delete(ada, "general", 2)
    assert await finds(unhurried, ada, "hunter2") == []
    assert (await results(unhurried, ada, "hunter2")).progress.left == 2
    # Of what is left in rooms of others nobody is told.
    notes = await unhurried.chat.rooms.open_direct(ada, "ada")
    await messages.post(ada, notes.slug, "a third")
    assert (await results(unhurried, await unhurried.person("grace"), "hunter2")).progress.left == 2


async def test_who_has_left_a_room_finds_nothing_of_it(unhurried: House, ada: Person) -> None:
    chat = unhurried.chat
    grace = await unhurried.person("grace")
    ops = await chat.rooms.create(ada, name="ops", kind="closed")
    await chat.memberships.add(ada, ops.slug, "grace")
    await chat.messages.post(ada, ops.slug, "the plan")
    assert await finds(unhurried, grace, "plan") == ["the plan"]
    await chat.memberships.remove(ada, ops.slug, "grace")
    assert await finds(unhurried, grace, "plan") == []
    assert await finds(unhurried, grace, f"plan in:{ops.slug}") == []
    assert await finds(unhurried, grace, "lan", is_slow=True) == []


async def test_pages_hold_everything_once_newest_first(unhurried: House, ada: Person) -> None:
    for number in range(45):
        await unhurried.chat.messages.post(ada, "general", f"deploy {number}")
    for is_slow in (False, True):
        seen: list[str] = []
        below: int | None = None
        while True:
            page = await results(unhurried, ada, "deploy", below=below, limit=10, is_slow=is_slow)
            seen += [hit.message.content for hit in page.hits]
            below = page.older
            if below is None:
                break
        assert seen == [f"deploy {number}" for number in reversed(range(45))]


async def test_the_slow_way_looks_within_words(unhurried: House, ada: Person) -> None:
    grace = await unhurried.person("grace")
    await unhurried.chat.messages.post(ada, "general", "Datensicherung fertig")
    await unhurried.chat.messages.post(grace, "general", "Sicherungskopie")
    assert await finds(unhurried, ada, "sicherung") == ["Sicherungskopie"]
    assert await finds(unhurried, ada, "sicherung", is_slow=True) == ["Sicherungskopie", "Datensicherung fertig"]
    assert await finds(unhurried, ada, "sicherung from:me", is_slow=True) == ["Datensicherung fertig"]
    assert await finds(unhurried, ada, "sicherung -from:me", is_slow=True) == ["Sicherungskopie"]
    assert await finds(unhurried, ada, "icherung -kopie", is_slow=True) == ["Sicherungskopie", "Datensicherung fertig"]


async def test_a_search_that_looks_at_much_and_finds_little_can_go_on(
    unhurried: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_CANDIDATES", 30)
    monkeypatch.setattr(search, "CANDIDATES", 10)
    await unhurried.chat.messages.post(ada, "general", "lazy dog")
    for _ in range(100):
        await unhurried.chat.messages.post(ada, "general", "dog, lazy")
    found, asked, below = [], 0, None
    while not asked or below is not None:
        page = await results(unhurried, ada, '"lazy dog"', below=below)
        found += [hit.message.content for hit in page.hits]
        below, asked = page.older, asked + 1
    assert found == ["lazy dog"]
    assert asked > 1


async def test_a_search_marks_nothing_as_read(unhurried: House, ada: Person) -> None:
    grace = await unhurried.person("grace")
    await unhurried.chat.messages.post(ada, "general", "news")
    before = await unhurried.chat.rooms.show(grace, "general")
    assert before.unread == 1
    assert await finds(unhurried, grace, "news") == ["news"]
    assert (await unhurried.chat.rooms.show(grace, "general")).unread == 1


async def test_searches_have_a_pace(house: House) -> None:
    ada = await house.person("ada", is_admin=True)
    for _ in range(30):
        await finds(house, ada, "x")
    with pytest.raises(RateLimited):
        await finds(house, ada, "x")
    for _ in range(5):
        await finds(house, ada, "x", is_slow=True)
    with pytest.raises(RateLimited):
        await finds(house, ada, "x", is_slow=True)


@pytest.mark.parametrize("asked", ["", " ", "-word", "***", '"" - :', "-from:me"])
async def test_a_search_for_nothing_is_refused(unhurried: House, ada: Person, asked: str) -> None:
    with pytest.raises(Invalid):
        await finds(unhurried, ada, asked)


async def test_the_marks_are_where_the_words_are(unhurried: House, ada: Person) -> None:
    said = "Ｂａｃｋｕｐ of cafe\u0301 and 数据库, the cafés"
    await unhurried.chat.messages.post(ada, "general", said)
    (hit,) = (await results(unhurried, ada, "backup café 据库")).hits
    text = composed(said)
    assert [text[start:end] for start, end in sorted(hit.spans)] == ["Ｂａｃｋｕｐ", "café", "据库", "cafés"]


async def test_of_many_rooms_those_of_one_person_are_asked_for(unhurried: House, ada: Person) -> None:
    """Where they hold little of all that was said, and where they hold most of it."""
    chat = unhurried.chat
    grace = await unhurried.person("grace")
    ops = await chat.rooms.create(ada, name="ops", kind="closed")
    for number in range(40):
        await chat.messages.post(ada, ops.slug, f"deploy {number}")
    await chat.messages.post(ada, "general", "deploy here")
    assert await finds(unhurried, grace, "deploy") == ["deploy here"]
    assert len(await finds(unhurried, ada, "deploy", limit=100)) == 41


async def test_an_index_ahead_of_its_database_is_begun_anew(unhurried: House, ada: Person) -> None:
    """As after a power cut under durability=normal."""
    await unhurried.chat.messages.post(ada, "general", "one")
    assert await finds(unhurried, ada, "one") == ["one"]
    await unhurried.chat.search.indexing.index.store(1, 99, [])
    while await unhurried.chat.search.indexing.next():
        pass
    assert await unhurried.chat.search.indexing.index.reached() == {1: 1}
    assert await finds(unhurried, ada, "one") == ["one"]


async def test_a_message_is_found_by_its_files_and_their_names(unhurried: House, ada: Person) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"Quarterly figures"

    chat = unhurried.chat
    file = await chat.files.upload(ada, "general", "Jahresbericht-2026.pdf", chunks())
    await chat.messages.post(ada, "general", "see here", attachments=[Attach(file.shown.id)])
    await chat.messages.post(ada, "general", "nothing here")
    for asked in ("jahresber", "2026.pdf", "has:file here", "here -has:image has:file"):
        assert await finds(unhurried, ada, asked) == ["see here"], asked
    for asked in ("has:image", "quarterly"):
        assert await finds(unhurried, ada, asked) == [], asked


async def test_a_picture_is_found_by_what_it_shows_as_it_is_said_now(unhurried: House, ada: Person) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield picture(20, 10)

    chat = unhurried.chat
    file = await chat.files.upload(ada, "general", "a.png", chunks(), alt="A grey heron")
    await chat.messages.post(ada, "general", "look", attachments=[Attach(file.shown.id)])
    assert await finds(unhurried, ada, "heron") == ["look"]
    await chat.messages.edit(ada, "general", 1, "look", [Attach(file.shown.id, "A white stork")])
    assert await finds(unhurried, ada, "heron") == []
    assert await finds(unhurried, ada, "stork has:image") == ["look"]
