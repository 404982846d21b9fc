"""(author, client_id) names one message for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatapp.core.errors import Conflict
from chatapp.core.models import Person, Room
from tests.support.store import Store, all_at_once, indexes, open_store


@pytest.fixture(params=["one after the other", "in one batch"])
def together(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Runs works in one commit, or each in its own."""

    async def in_turn(*works: Any) -> list[Any]:
        return [(await all_at_once(work))[0] for work in works]

    return in_turn if request.param == "one after the other" else all_at_once


async def test_the_same_key_gives_the_first_message(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    found = await together(*(store.says(ada, "hello", room, client_id="k") for _ in range(3)))
    assert found == [found[0]] * 3
    assert await store.stored(room) == [found[0]]
    assert store.announced == [found[0]]


async def test_a_key_of_somebody_else_is_another_key(
    store: Store, ada: Person, grace: Person, room: Room, together: Callable[..., Any]
) -> None:
    found = await together(*(store.says(person, "hello", room, client_id="k") for person in (ada, grace)))
    assert indexes(found) == [1, 2]


async def test_the_same_key_with_other_words_is_a_conflict(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    first, second = await together(*(store.says(ada, words, room, client_id="k") for words in ("hello", "bye")))
    assert isinstance(second, Conflict)
    assert await store.stored(room) == [first]


async def test_the_same_key_in_another_room_is_a_conflict(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    other = await store.room("ops", ada)
    first, second = await together(*(store.says(ada, "hello", place, client_id="k") for place in (room, other)))
    assert isinstance(second, Conflict)
    assert (await store.stored(room), await store.stored(other)) == ([first], [])


async def test_a_key_holds_after_an_edit(store: Store, ada: Person, room: Room, together: Callable[..., Any]) -> None:
    await store.says(ada, "hello", room, client_id="k")
    edited, again = await together(store.edits(ada, 1, "bye", room), store.says(ada, "hello", room, client_id="k"))
    assert again == edited
    assert await store.stored(room) == [edited]


async def test_a_key_holds_after_a_deletion(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    await store.says(ada, "hello", room, client_id="k")
    gone, again = await together(store.deletes(ada, 1, room), store.says(ada, "hello", room, client_id="k"))
    assert again == gone
    assert again.is_deleted


async def test_a_key_holds_after_a_restart(path: Path, store: Store, ada: Person, room: Room) -> None:
    first = await store.says(ada, "hello", room, client_id="k")
    async with open_store(path) as again:
        assert await again.says(ada, "hello", room, client_id="k") == first


async def test_messages_without_a_key_are_all_different(store: Store, ada: Person, room: Room) -> None:
    found = await all_at_once(*(store.says(ada, "hello", room) for _ in range(3)))
    assert indexes(found) == [1, 2, 3]
