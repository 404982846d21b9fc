"""A message that the disk has altered is never shown as if it were right."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from chatapp.core.errors import Conflict, Forbidden, Unavailable
from chatapp.core.models import Message, Person, Room
from tests.support.damage import alter, overwrite
from tests.support.engine import behind_its_back
from tests.support.store import NOW, Store, all_at_once, contents, open_store

ALTERATIONS: Final[dict[str, dict[str, Any]]] = {
    "a letter": {"content": "hellp"},
    "a letter of the html": {"html": "<b>hellp</b>"},
    "a byte that makes it no text": {"content": memoryview(b"hell\xff")},
    "a number for the text": {"content": 5},
    "another author": {"author_id": 2},
    "an author who is not there": {"author_id": 4097},
    "another moment": {"created_at": NOW + 1},
    "a moment no calendar has": {"created_at": 2**62},
    "another version": {"version": 99},
    "a version that is a word": {"version": "x"},
    "another index": {"index": 7},
    "another room": {"room_id": 1},
    "an edit that never was": {"edited_at": 5},
    "a deletion that never was": {"is_deleted": 1},
    "neither deleted nor not": {"is_deleted": 2},
    "an answer to another": {"reply_to": 0},
    "another key": {"client_id": "L"},
    "no key": {"client_id": None},
    "a kind": {"kind": "x"},
    "the checksum itself": {"checksum": 5},
    "a reaction that never was": {"reactions": '[["👍",["ada"]]]'},
    "reactions that are no JSON": {"reactions": "x"},
    "a pin that never was": {"pinned_at": 0},
}


# A column of a server's table holds nothing else than what its type can hold.
UNTYPED: Final = {"a byte that makes it no text", "a number for the text", "a version that is a word"}


def altered(name: str) -> Any:
    marks = [pytest.mark.file_only("a value of another type")] if name in UNTYPED else []
    return pytest.param(ALTERATIONS[name], id=name, marks=marks)


async def one(store: Store, room: Room, index: int) -> Message:
    found = await store.log.one(room.id, index)
    assert found is not None
    return found


@pytest.fixture
async def said(store: Store, ada: Person, room: Room) -> list[Message]:
    """Three messages; the second is the one that suffers."""
    await store.says(ada, "before", room)
    await store.says(ada, "hello", room, html="<b>hello</b>", client_id="k", reply_to=1)
    await store.says(ada, "after", room)
    return await store.stored(room)


async def test_what_was_written_reads_as_it_was_written(
    store: Store, ada: Person, said: list[Message], room: Room
) -> None:
    await store.edits(ada, 1, "before, corrected", room)
    await store.deletes(ada, 3, room)
    found = await store.stored(room)
    assert contents(found) == ["before, corrected", "hello", ""]
    assert [message.kind for message in found] == ["", "", ""]


@pytest.mark.parametrize("columns", [altered(name) for name in ALTERATIONS])
async def test_an_altered_message_is_given_out_as_damaged(
    store: Store, said: list[Message], room: Room, columns: dict[str, Any]
) -> None:
    alter(store.path, room.id, 2, columns)
    before, found, after = await store.stored(room)
    assert [before, after] == said[::2]
    assert (found.kind, found.content, found.html, found.index) == ("damaged", "", "", 2)
    assert (found.edited_at, found.is_deleted, found.reply_to) == (None, False, None)
    assert 1 <= found.version <= 3
    assert 0 <= found.created_at < 2**48


async def test_text_that_is_no_text_hides_nothing_else(store: Store, said: list[Message], room: Room) -> None:
    with behind_its_back(store.path) as connection:
        connection.execute("UPDATE messages SET content = CAST(x'68ff' AS TEXT) WHERE \"index\" = 2")
    found = await store.stored(room)
    assert contents(found) == ["before", "", "after"]
    assert found[1].is_damaged


async def test_catching_up_passes_a_damaged_message(store: Store, said: list[Message], room: Room) -> None:
    alter(store.path, room.id, 2, {"content": "hellp"})
    found = await store.log.since(room.id, 0, 10)
    assert [(message.version, message.kind) for message in found.messages] == [(1, ""), (2, "damaged"), (3, "")]
    assert found.version == 3


async def test_no_damaged_version_lies_above_the_sound_ones(store: Store, said: list[Message], room: Room) -> None:
    """Or catching up would go on behind changes it has not sent."""
    alter(store.path, room.id, 2, {"version": 1000})
    found = await store.log.since(room.id, 0, 10)
    assert max(message.version for message in found.messages) == 3


async def test_a_damaged_message_cannot_be_edited(store: Store, ada: Person, said: list[Message], room: Room) -> None:
    alter(store.path, room.id, 2, {"content": "hellp"})
    with pytest.raises(Conflict, match="damaged on the server's disk"):
        await store.edits(ada, 2, "hello again", room)
    assert (await one(store, room, 2)).is_damaged


async def test_its_author_or_a_moderator_deletes_it_and_the_row_is_whole_again(
    store: Store, ada: Person, grace: Person, said: list[Message], room: Room
) -> None:
    alter(store.path, room.id, 2, {"content": "hellp", "created_at": 5})
    with pytest.raises(Forbidden):
        await store.deletes(grace, 2, room)
    await store.gives(room, to=grace)
    deleted = await store.deletes(grace, 2, room)
    assert (deleted.is_deleted, deleted.kind, deleted.version) == (True, "", 4)
    assert await one(store, room, 2) == deleted


async def test_a_damaged_message_sent_again_is_not_stored_twice(
    store: Store, ada: Person, said: list[Message], room: Room
) -> None:
    alter(store.path, room.id, 2, {"content": "hellp"})
    again = await store.says(ada, "hello", room, client_id="k")
    assert (again.index, again.kind) == (2, "damaged")
    assert len(await store.stored(room)) == 3


@pytest.mark.file_only("a byte of an index, turned over")
async def test_a_row_that_cannot_be_changed_spoils_nobody_elses_words(path: Path) -> None:
    """Its version is another than its index has: the file refuses to move it, and only it."""
    async with open_store(path) as store:
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        await store.says(ada, "before", room)
        await store.says(ada, "hello", room)
    overwrite(path, b"\x02\x02\x02hello", b"\x02\x02\x06hello")
    async with open_store(path) as store:
        said, refused = await all_at_once(store.says(ada, "one", room), store.deletes(ada, 2, room))
        assert isinstance(refused, Unavailable)
        assert contents(await store.stored(room)) == ["before", "", "one"]
        assert said.version == 3
        assert store.file.health.is_damaged
