"""Reading what was said, catching up with what changed, and hearing of it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from chatapp.core.errors import NotFound
from chatapp.core.models import History, Identity, Person
from chatapp.domain import access, messages
from tests.support.house import House
from tests.support.listener import FakeListener, numbers
from tests.support.rooms import closed_room
from tests.support.store import indexes
from tests.support.time import eventually

FAR: Final = 2**53


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


# Reading


WINDOWS: Final[dict[str, tuple[str, tuple[int, ...], list[int]]]] = {
    "recent": ("recent", (3,), [28, 29, 30]),
    "recent, less than none": ("recent", (-1,), []),
    "before": ("before", (4, 2), [2, 3]),
    "before, far beyond": ("before", (FAR, 2), [29, 30]),
    "before, less than none": ("before", (4, -1), []),
    "after": ("after", (28, 10), [29, 30]),
    "after, far beyond": ("after", (FAR, 10), []),
    "around": ("around", (10, 4), [8, 9, 10, 11]),
    "around the first": ("around", (1, 4), [1, 2, 3, 4]),
    "around the last": ("around", (30, 4), [28, 29, 30]),
    "around, one": ("around", (5, 1), [5]),
    "around, far beyond": ("around", (FAR, 4), []),
}


async def test_a_window_of_the_room(house: House, ada: Person, subtests: pytest.Subtests) -> None:
    await said(house, ada, 30)
    for name, (how, arguments, expected) in WINDOWS.items():
        with subtests.test(name):
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
    for window in (
        house.chat.messages.recent(ada, "general", 200),
        house.chat.messages.before(ada, "general", 61, 200),
    ):
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


async def test_taking_a_name_back_at_the_same_moment_is_a_change_too(house: House, ada: Person, grace: Person) -> None:
    await said(house, ada, 2)
    # Two requests, which both found the name of before.
    for name in ("Countess", ada.display_name):
        await house.chat.accounts.update_profile(ada, display_name=name, time_zone="")
        history = await house.chat.messages.recent(grace, "general")
        assert {message.display_name for message in history.messages} == {name}


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
    await eventually(lambda: house.chat.hub._rooms)
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


async def test_what_is_remembered_of_rooms_is_bounded(
    house: House, grace: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MOST_IDS", 2)
    monkeypatch.setattr(messages, "MOST_FITTING", 2)
    found = [await house.chat.rooms.create(grace, name=f"room {number}") for number in range(5)]
    for room in found:
        await said(house, grace, 1, room.slug)
        seen = await house.chat.access.room_for(grace, room.slug)
        assert indexes((await house.chat.messages.newest(seen, 10)).messages) == [1]
        assert await house.chat.access.id_for(grace, room.slug) == room.id
        assert len(house.chat.access._ids) <= 2
        assert len(house.chat.messages._fitting) <= 2
