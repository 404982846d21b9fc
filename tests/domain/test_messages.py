"""Saying something in a room, and reading what was said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from chatapp.core.errors import ChatError, Conflict, Forbidden, Invalid, NotFound, RateLimited, TooLarge, Unavailable
from chatapp.core.models import History, Identity, Message, Person
from chatapp.domain import messages
from chatapp.settings import Settings
from tests.support.house import House, open_house
from tests.support.listener import FakeListener, numbers
from tests.support.store import contents, indexes
from tests.support.time import SettableClock

FAR = 2**53


@pytest.fixture
async def house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    """Without the rate limit, except where that is what a test is about."""
    async with open_house(replace(settings, limits=False), clock) as opened:
        yield opened


@pytest.fixture
async def limited(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(settings, clock) as opened:
        yield opened


@pytest.fixture
async def ada(house: House) -> Person:
    return await house.person("ada", is_admin=True)


@pytest.fixture
async def grace(house: House, ada: Person) -> Person:
    return await house.person("grace")


@pytest.fixture
async def linus(house: House, grace: Person) -> Person:
    """Not in the room of the two others."""
    person = await house.person("linus")
    await house.chat.rooms.create(grace, name="Designers", kind="closed")
    return person


async def said(house: House, by: Person, count: int, room: str = "general") -> None:
    await asyncio.gather(*(house.chat.messages.post(by, room, f"{n}") for n in range(1, count + 1)))


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


@pytest.mark.parametrize("client_id", ["x" * 65, "x" * 10_000, "a\x00", "\ud800"], ids=["65", "10,000", "NUL", "half"])
async def test_a_key_is_short_text(house: House, ada: Person, client_id: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await house.chat.messages.post(ada, "general", "hello", client_id)
    assert refusal.value.errors[0].field == "client_id"


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


async def test_even_an_administrator_edits_nobody_elses_words(house: House, ada: Person, grace: Person) -> None:
    await house.chat.messages.post(grace, "general", "hello")
    with pytest.raises(Forbidden):
        await house.chat.messages.edit(ada, "general", 1, "bye")


async def test_who_was_removed_changes_nothing(house: House, ada: Person, grace: Person, linus: Person) -> None:
    await house.chat.memberships.add(grace, "designers", "ada")
    await house.chat.messages.post(ada, "designers", "hello")
    await house.chat.memberships.remove(grace, "designers", "ada")
    for change in (house.chat.messages.edit(ada, "designers", 1, "bye"), house.chat.messages.delete(ada, "designers", 1)):
        with pytest.raises(NotFound):
            await change


# Reading


@pytest.mark.parametrize(
    ("how", "arguments", "expected"),
    [
        pytest.param("recent", (3,), [28, 29, 30], id="recent"),
        pytest.param("recent", (-1,), [], id="recent, less than none"),
        pytest.param("before", (4, 2), [2, 3], id="before"),
        pytest.param("before", (FAR, 2), [29, 30], id="before, far beyond"),
        pytest.param("before", (4, -1), [], id="before, less than none"),
        pytest.param("after", (28, 10), [29, 30], id="after"),
        pytest.param("after", (FAR, 10), [], id="after, far beyond"),
        pytest.param("around", (10, 4), [8, 9, 10, 11], id="around"),
        pytest.param("around", (1, 4), [1, 2, 3, 4], id="around the first"),
        pytest.param("around", (30, 4), [28, 29, 30], id="around the last"),
        pytest.param("around", (5, 1), [5], id="around, one"),
        pytest.param("around", (FAR, 4), [], id="around, far beyond"),
    ],
)
async def test_a_window_of_the_room(
    house: House, ada: Person, how: str, arguments: tuple[int, ...], expected: list[int]
) -> None:
    await said(house, ada, 30)
    history: History = await getattr(house.chat.messages, how)(ada, "general", *arguments)
    assert indexes(history.messages) == expected
    assert (history.index, history.version) == (30, 30)


async def test_no_page_is_longer_than_two_hundred(house: House, ada: Person) -> None:
    await said(house, ada, 201)
    for window in (
        house.chat.messages.recent(ada, "general", 10**9),
        house.chat.messages.before(ada, "general", 211, 10**9),
        house.chat.messages.after(ada, "general", 0, 10**9),
    ):
        assert len((await window).messages) == 200


async def test_a_page_of_long_messages_is_as_long_as_fits_one_frame(house: House, ada: Person) -> None:
    await asyncio.gather(*(house.chat.messages.post(ada, "general", "世" * 8000) for _ in range(60)))
    for window in (house.chat.messages.recent(ada, "general", 200), house.chat.messages.before(ada, "general", 61, 200)):
        history = await window
        assert 1 < len(history.messages) <= 25
        assert indexes(history.messages)[-1] == 60


async def test_a_message_that_is_not_there_is_not_found(house: House, ada: Person) -> None:
    await said(house, ada, 1)
    for index in (-1, 0, 2, 2**32 + 1, FAR):
        with pytest.raises(NotFound):
            await house.chat.messages.by_index(ada, "general", index)


READS: dict[str, tuple[Any, ...]] = {
    "recent": (10,),
    "before": (5, 10),
    "after": (0, 10),
    "around": (1, 10),
    "by_index": (1,),
    "changes": (0,),
    "wait_for_change": (0, 0.01),
}


@pytest.mark.parametrize("how", READS)
async def test_only_members_read(house: House, ada: Person, linus: Person, how: str) -> None:
    for slug in ("designers", "nowhere"):
        with pytest.raises(NotFound):
            await getattr(house.chat.messages, how)(ada, slug, *READS[how])


# Catching up


async def test_everything_that_changed_since_comes_back_by_version(house: House, ada: Person) -> None:
    await said(house, ada, 5)
    await house.chat.messages.edit(ada, "general", 2, "edited")
    await house.chat.messages.delete(ada, "general", 1)
    history = await house.chat.messages.changes(ada, "general", 4, house.chat.epoch)
    assert [(m.version, m.index) for m in history.messages] == [(5, 5), (6, 2), (7, 1)]
    assert history.is_complete


async def test_nothing_changed_is_complete_and_empty(house: House, ada: Person) -> None:
    await said(house, ada, 2)
    assert await house.chat.messages.changes(ada, "general", 2) == History((), 2, 2)


@pytest.mark.parametrize(
    ("version", "epoch"), [(3, ""), (FAR, ""), (1, "another"), (0, "x")], ids=["next", "far", "epoch", "new epoch"]
)
async def test_numbers_of_another_history_are_never_trusted(
    house: House, ada: Person, version: int, epoch: str
) -> None:
    await said(house, ada, 2)
    history = await house.chat.messages.changes(ada, "general", version, epoch)
    assert (indexes(history.messages), history.is_complete) == ([1, 2], False)


@pytest.mark.parametrize(("missed", "is_complete"), [(70, True), (71, False)])
async def test_too_many_changes_are_a_marked_gap(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, missed: int, is_complete: bool
) -> None:
    assert messages.MOST_CHANGES == 1000
    monkeypatch.setattr(messages, "MOST_CHANGES", 70)
    await said(house, ada, missed)
    history = await house.chat.messages.changes(ada, "general", 0)
    assert history.is_complete == is_complete
    assert len(history.messages) == (missed if is_complete else 50)
    assert indexes(history.messages)[-1] == missed


async def test_too_many_characters_are_a_marked_gap(house: House, ada: Person) -> None:
    await asyncio.gather(*(house.chat.messages.post(ada, "general", "x" * 8000) for _ in range(30)))
    history = await house.chat.messages.changes(ada, "general", 0)
    assert not history.is_complete
    assert sum(len(message.content) for message in history.messages) <= 200_000


async def test_a_new_name_is_on_old_messages_too(house: House, ada: Person, grace: Person) -> None:
    await said(house, ada, 2)
    await house.chat.messages.recent(grace, "general")
    await house.chat.accounts.update_profile(ada, display_name="Countess", time_zone="")
    history = await house.chat.messages.recent(grace, "general")
    assert {message.display_name for message in history.messages} == {"Countess"}


# News


async def test_everybody_hears_each_change_in_order(house: House, ada: Person, grace: Person) -> None:
    ear = FakeListener(Identity(grace))
    house.chat.hub.go_live(house.chat.hub.join(ear, 1, "general", numbers), 0, 0)
    await said(house, ada, 3)
    await house.chat.messages.edit(ada, "general", 1, "edited")
    await house.chat.messages.delete(ada, "general", 2)
    await asyncio.sleep(0)
    assert ear.heard == [1, 2, 3, 4, 5]


async def test_waiting_ends_with_the_next_change(house: House, ada: Person, grace: Person) -> None:
    waiting = asyncio.create_task(house.chat.messages.wait_for_change(grace, "general", 0, 30))
    while not house.chat.hub._rooms:
        await asyncio.sleep(0)
    await said(house, ada, 1)
    async with asyncio.timeout(2):
        await waiting


async def test_there_is_no_waiting_for_what_has_happened(house: House, ada: Person) -> None:
    await said(house, ada, 1)
    async with asyncio.timeout(2):
        await house.chat.messages.wait_for_change(ada, "general", 0, 30)


async def test_waiting_ends_in_time(house: House, ada: Person) -> None:
    async with asyncio.timeout(2):
        await house.chat.messages.wait_for_change(ada, "general", 0, 0.01)
    assert house.chat.hub._rooms == {}


async def test_what_is_answered_is_stored_and_nothing_else(house: House, ada: Person) -> None:
    await (await house.database.driver()).execute("PRAGMA max_page_count=1")
    works = (house.chat.messages.post(ada, "general", "x" * 8000) for _ in range(50))
    answers = await asyncio.gather(*works, return_exceptions=True)
    stored = [answer for answer in answers if isinstance(answer, Message)]
    assert {type(answer) for answer in answers} >= {Unavailable}
    stored.append(await house.chat.messages.post(ada, "general", "again"))
    stored.sort(key=lambda message: message.index)
    assert list((await house.chat.messages.after(ada, "general", 0, 200)).messages) == stored
    assert indexes(stored) == list(range(1, len(stored) + 1))
