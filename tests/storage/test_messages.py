"""Reading a room's log: every answer is of one moment, and of one room."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest

from chatapp.core.models import History, Person, Room, message_id
from tests.support.store import Store, contents, indexes, versions

FAR: Final = 2**53


@pytest.fixture
async def full(store: Store, ada: Person, grace: Person, room: Room) -> Room:
    """A room of 120 messages, more than memory keeps, with full rooms on both sides."""
    after = await store.room("after", ada)
    for place in (room, after):
        await asyncio.gather(*(store.says(ada, f"{place.slug} {n}", place) for n in range(1, 121)))
    return room


async def read(store: Store, room: Room, how: str, *arguments: int) -> list[int]:
    history: History = await getattr(store.log, how)(room.id, *arguments)
    assert {message.room_id for message in history.messages} <= {room.id}
    assert (history.index, history.version) == (120, 120)
    return indexes(history.messages)


PAGES: Final[dict[str, tuple[str, tuple[int, ...], Sequence[int]]]] = {
    "the newest, oldest first": ("recent", (3,), [118, 119, 120]),
    "none asked for": ("recent", (0,), []),
    "all that is in memory": ("recent", (100,), range(21, 121)),
    "one more than is in memory": ("recent", (101,), range(20, 121)),
    "more than there is": ("recent", (500,), range(1, 121)),
    "before an index": ("before", (5, 3), [2, 3, 4]),
    "before, at the beginning": ("before", (3, 10), [1, 2]),
    "before the first": ("before", (1, 10), []),
    "before nothing": ("before", (0, 10), []),
    "before less than nothing": ("before", (-5, 10), []),
    "before the next": ("before", (121, 2), [119, 120]),
    "before the next room's ids": ("before", (2**32, 2), [119, 120]),
    "before an index far beyond": ("before", (FAR, 2), [119, 120]),
    "after an index": ("after", (118, 10), [119, 120]),
    "after nothing": ("after", (0, 2), [1, 2]),
    "after less than nothing": ("after", (-5, 2), [1, 2]),
    "after the last": ("after", (120, 2), []),
    "after the room's ids": ("after", (2**32, 2), []),
    "after an index far beyond": ("after", (FAR, 2), []),
    "changes": ("changes", (117, 10), [118, 119, 120]),
    "all changes": ("changes", (0, 200), range(1, 121)),
    "no changes": ("changes", (120, 10), []),
    "changes after what never was": ("changes", (FAR, 10), []),
}


async def test_a_page_is_what_was_asked_for(store: Store, full: Room, subtests: pytest.Subtests) -> None:
    for name, (how, arguments, expected) in PAGES.items():
        with subtests.test(name):
            assert await read(store, full, how, *arguments) == list(expected)


async def test_an_index_that_is_not_there_is_nothing(store: Store, full: Room) -> None:
    for index in (-1, 0, 121, 2**32, 2**32 + 1, FAR):
        assert await store.log.one(full.id, index) is None


async def test_one_message_is_found_by_its_index(store: Store, full: Room) -> None:
    found = await store.log.one(full.id, 7)
    assert found is not None
    assert (found.content, found.id) == ("designers 7", message_id(full.id, 7))


async def test_a_room_that_is_not_there_is_empty(store: Store) -> None:
    nothing = History((), 0, 0)
    assert await store.log.recent(99, 10) == nothing
    assert await store.log.after(99, 0, 10) == nothing
    assert await store.log.changes(99, 0, 10) == nothing


async def test_an_edit_and_a_deletion_come_back_as_changes_by_version(store: Store, ada: Person, full: Room) -> None:
    await store.edits(ada, 3, "edited", full)
    await store.deletes(ada, 119, full)
    await store.edits(ada, 2, "edited", full)
    history = await store.log.changes(full.id, 119, 10)
    assert list(zip(versions(history.messages), indexes(history.messages), strict=True)) == [
        (120, 120),
        (121, 3),
        (122, 119),
        (123, 2),
    ]
    assert (history.index, history.version, history.is_complete) == (120, 123, True)


async def test_a_message_changed_twice_comes_once_as_it_is_now(store: Store, ada: Person, full: Room) -> None:
    await store.edits(ada, 120, "first", full)
    await store.edits(ada, 120, "second", full)
    history = await store.log.changes(full.id, 119, 10)
    assert [(m.version, m.content) for m in history.messages] == [(122, "second")]


@pytest.mark.parametrize("after", [0, 100], ids=["from the file", "from memory"])
async def test_too_many_changes_are_the_first_page_and_say_so(store: Store, full: Room, after: int) -> None:
    history = await store.log.changes(full.id, after, 5)
    assert versions(history.messages) == list(range(after + 1, after + 6))
    assert not history.is_complete
    assert history.version == 120


async def test_exactly_as_many_changes_as_asked_for_are_complete(store: Store, full: Room) -> None:
    assert (await store.log.changes(full.id, 115, 5)).is_complete


async def test_readers_from_the_start_see_what_is_committed_meanwhile(store: Store, ada: Person, room: Room) -> None:
    """Loading a room into memory and writing to it at the same moment loses nothing."""

    async def reads() -> None:
        for _ in range(10):
            history = await store.log.recent(room.id, 100)
            assert indexes(history.messages) == list(range(1, history.index + 1))
            assert history.version == history.index
            store.log.tails.forget()

    await asyncio.gather(*(store.says(ada, f"{n}", room) for n in range(50)), *(reads() for _ in range(5)))
    assert contents((await store.log.recent(room.id, 100)).messages) == [f"{n}" for n in range(50)]
