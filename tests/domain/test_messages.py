"""Saying something in a room, changing it, and taking it back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from chatapp.core.errors import (
    BadRequest,
    ChatError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    TooLarge,
    Unavailable,
)
from chatapp.core.models import Attach, Message, Person
from chatapp.settings import Settings
from chatapp.storage.batch import Delete
from tests.support.house import House, open_house
from tests.support.rooms import closed_room
from tests.support.store import contents, indexes
from tests.support.time import SettableClock


@pytest.fixture
def house(unhurried: House) -> House:
    return unhurried


@pytest.fixture
async def linus(house: House, grace: Person) -> Person:
    """Not in the room Designers, which is Grace's."""
    person = await house.person("linus")
    await closed_room(house.chat, grace, "designers")
    return person


async def said(house: House, by: Person, count: int, room: str = "general") -> None:
    await asyncio.gather(*(house.chat.messages.post(by, room, f"{n}") for n in range(1, count + 1)))


@pytest.fixture
async def limited(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(settings, clock) as opened:
        yield opened


# Saying


async def test_what_was_said_is_there_for_everybody_in_the_room(
    house: House, ada: Person, grace: Person, clock: SettableClock
) -> None:
    message = await house.chat.messages.post(ada, "general", "  hello\n世界 👋🏽  ", "k", None)
    assert (message.index, message.content, message.created_at) == (1, "  hello\n世界 👋🏽  ", clock.now)
    assert (await house.chat.messages.recent(grace, "general")).messages == (message,)


async def test_links_are_drawn_once_when_it_is_stored(house: House, ada: Person) -> None:
    message = await house.chat.messages.post(ada, "general", "see https://example.org")
    assert message.html.startswith('see <a href="https://example.org"')
    edited = await house.chat.messages.edit(ada, "general", 1, "see nothing")
    assert edited.html == ""


async def test_time_never_decides_order(house: House, ada: Person, clock: SettableClock) -> None:
    for hours in (0, -72, 72):
        clock.passes(days=hours / 24)
        await house.chat.messages.post(ada, "general", f"{hours}")
    history = await house.chat.messages.recent(ada, "general")
    assert contents(history.messages) == ["0", "-72", "72"]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        ("", Invalid),
        (" \n", Invalid),
        ("\u200b", Invalid),
        ("a\x00", Invalid),
        ("\ud800", Invalid),
        ("x" * 8001, TooLarge),
        ("e" + "\u0301" * 8000, TooLarge),
    ],
    ids=["nothing", "spaces", "no width", "NUL", "lone surrogate", "too long", "combining marks"],
)
async def test_what_cannot_be_said_is_not_stored(
    house: House, ada: Person, content: str, refusal: type[ChatError]
) -> None:
    await house.chat.messages.post(ada, "general", "before")
    with pytest.raises(refusal):
        await house.chat.messages.post(ada, "general", content)
    with pytest.raises(refusal):
        await house.chat.messages.edit(ada, "general", 1, content)
    assert contents((await house.chat.messages.recent(ada, "general")).messages) == ["before"]


@pytest.mark.parametrize(
    ("client_id", "kind"),
    [("x" * 65, BadRequest), ("x" * 10_000, BadRequest), ("a\x00", Invalid), ("\ud800", Invalid)],
    ids=["65", "10,000", "NUL", "half"],
)
async def test_a_key_is_short_text(house: House, ada: Person, client_id: str, kind: type[ChatError]) -> None:
    with pytest.raises(kind) as refusal:
        await house.chat.messages.post(ada, "general", "hello", client_id)
    (error,) = refusal.value.errors
    assert (error.field, error.detail) == ("client_id", "A client_id is text of at most 64 characters.")


async def test_the_same_key_is_the_same_message_for_ever(house: House, ada: Person, grace: Person) -> None:
    first, *again = await asyncio.gather(
        *(house.chat.messages.post(ada, "general", "hello", "k" * 64) for _ in range(3))
    )
    assert again == [first, first]
    assert (await house.chat.messages.post(grace, "general", "hello", "k" * 64)).index == 2
    with pytest.raises(Conflict):
        await house.chat.messages.post(ada, "general", "bye", "k" * 64)


async def test_only_members_speak(house: House, ada: Person, linus: Person) -> None:
    for stranger in (ada, linus):
        with pytest.raises(NotFound):
            await house.chat.messages.post(stranger, "designers", "hello")


async def test_who_speaks_again_is_looked_up_by_the_transaction_alone(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.chat.messages.post(ada, "general", "hello")

    async def unasked(*_: object) -> list[object]:
        raise AssertionError

    monkeypatch.setattr(house.database, "hot", unasked)
    assert (await house.chat.messages.post(ada, "general", "again")).index == 2
    assert (await house.chat.messages.edit(ada, "general", 2, "and again")).content == "and again"


async def test_refusals_do_not_tell_a_stranger_which_rooms_there_are(limited: House, clock: SettableClock) -> None:
    grace, linus = [await limited.person(name) for name in ("grace", "linus")]
    await closed_room(limited.chat, grace, "designers")
    await limited.chat.messages.post(grace, "designers", "hello")
    for room in ("designers", "nowhere"):
        for _ in range(50):
            with pytest.raises(NotFound):
                await limited.chat.messages.post(linus, room, "hello")


async def test_a_person_is_slowed_down_alone(limited: House, clock: SettableClock) -> None:
    ada, grace = [await limited.person(name) for name in ("ada", "grace")]
    await said(limited, ada, 20)
    with pytest.raises(RateLimited) as refusal:
        await limited.chat.messages.post(ada, "general", "one too many")
    assert refusal.value.retry_after == 1
    with pytest.raises(RateLimited):
        await limited.chat.messages.edit(ada, "general", 1, "one too many")
    await limited.chat.messages.post(grace, "general", "not me")
    clock.passes(seconds=1)
    assert (await limited.chat.messages.post(ada, "general", "and on")).index == 22


async def test_what_may_not_be_said_counts_for_nothing(limited: House) -> None:
    ada = await limited.person("ada")
    for _ in range(30):
        with pytest.raises(Invalid):
            await limited.chat.messages.post(ada, "general", "")
    await limited.chat.messages.post(ada, "general", "hello")


# Changing


async def test_ones_own_words_can_be_changed(house: House, ada: Person, clock: SettableClock) -> None:
    first = await house.chat.messages.post(ada, "general", "hello")
    clock.passes(minutes=5)
    edited = await house.chat.messages.edit(ada, "general", 1, "bye")
    assert (edited.index, edited.version, edited.content) == (1, 2, "bye")
    assert (edited.created_at, edited.edited_at) == (first.created_at, clock.now)
    assert await house.chat.messages.by_index(ada, "general", 1) == edited


@pytest.mark.parametrize(
    ("who", "room", "refusal"),
    [
        ("author", "general", None),
        ("administrator", "general", None),
        ("member", "general", Forbidden),
        ("owner", "closed", None),
        ("member", "closed", Forbidden),
        ("administrator outside", "closed", NotFound),
        ("other", "direct", Forbidden),
        ("administrator outside", "direct", NotFound),
    ],
)
async def test_who_may_take_back_whose_words(
    house: House, ada: Person, who: str, room: str, refusal: type[ChatError] | None
) -> None:
    author, owner, member = [await house.person(name) for name in ("author", "owner", "member")]
    if room == "closed":
        room = (await house.chat.rooms.create(owner, name="Closed", kind="closed")).slug
        for name in ("author", "member"):
            await house.chat.memberships.add(owner, room, name)
    if room == "direct":
        room = (await house.chat.rooms.open_direct(author, "owner")).slug
    await house.chat.messages.post(author, room, "hello")
    actor = {"author": author, "owner": owner, "other": owner, "member": member}.get(who, ada)
    if refusal is None:
        assert (await house.chat.messages.delete(actor, room, 1)).is_deleted
    else:
        with pytest.raises(refusal):
            await house.chat.messages.delete(actor, room, 1)
        with pytest.raises(refusal):
            await house.chat.messages.edit(actor, room, 1, "mine now")
    assert (await house.chat.messages.by_index(author, room, 1)).is_deleted == (refusal is None)


async def test_who_is_demoted_before_a_deletion_is_stored_deletes_nobody_elses_message(
    house: House, ada: Person, grace: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.chat.accounts.set_admin(ada, "grace", True)
    await house.chat.messages.post(ada, "general", "stays")
    append = house.chat.messages._journal.append

    async def demoted_meanwhile(change: Delete) -> Message:
        await house.chat.accounts.set_admin(ada, "grace", False)
        return await append(change)

    monkeypatch.setattr(house.chat.messages._journal, "append", demoted_meanwhile)
    with pytest.raises(Forbidden):
        await house.chat.messages.delete(grace, "general", 1)
    assert not (await house.chat.messages.by_index(ada, "general", 1)).is_deleted
    assert house.rows("SELECT target FROM audit_log WHERE action = 'message.deleted'") == []


async def test_the_words_over_files_can_be_taken_away_but_not_those_alone(house: House, ada: Person) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"hello"

    messages = house.chat.messages
    file = await house.chat.files.upload(ada, "general", "notes.txt", chunks())
    await messages.post(ada, "general", "see here", attachments=[Attach(file.shown.id)])
    await messages.post(ada, "general", "words alone")
    edited = await messages.edit(ada, "general", 1, " \n")
    assert (edited.content, edited.html, len(edited.attachments)) == ("", "", 1)
    with pytest.raises(Invalid):
        await messages.edit(ada, "general", 2, " \n")


async def test_even_an_administrator_edits_nobody_elses_words(house: House, ada: Person, grace: Person) -> None:
    await house.chat.messages.post(grace, "general", "hello")
    with pytest.raises(Forbidden):
        await house.chat.messages.edit(ada, "general", 1, "bye")


async def test_who_was_removed_changes_nothing(house: House, ada: Person, grace: Person, linus: Person) -> None:
    await house.chat.memberships.add(grace, "designers", "ada")
    await house.chat.messages.post(ada, "designers", "hello")
    await house.chat.memberships.remove(grace, "designers", "ada")
    for change in (
        house.chat.messages.post(ada, "designers", "again"),
        house.chat.messages.edit(ada, "designers", 1, "bye"),
        house.chat.messages.delete(ada, "designers", 1),
    ):
        with pytest.raises(NotFound):
            await change


@pytest.mark.file_only("it makes the file full; tests/postgres/test_faults.py takes the server away")
async def test_what_is_answered_is_stored_and_nothing_else(house: House, ada: Person) -> None:
    await (await house.file._drive()).execute("PRAGMA max_page_count=1")
    works = (house.chat.messages.post(ada, "general", "x" * 8000) for _ in range(50))
    answers = await asyncio.gather(*works, return_exceptions=True)
    stored = [answer for answer in answers if isinstance(answer, Message)]
    assert {type(answer) for answer in answers} >= {Unavailable}
    stored.append(await house.chat.messages.post(ada, "general", "again"))
    stored.sort(key=lambda message: message.index)
    assert list((await house.chat.messages.after(ada, "general", 0, 200)).messages) == stored
    assert indexes(stored) == list(range(1, len(stored) + 1))
