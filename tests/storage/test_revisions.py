"""Earlier wordings: kept with each edit, gone with the message, with a checksum that the audit looks at."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from chatapp.core.models import Person, Revision, Room
from chatapp.storage import revisions as stored
from chatapp.storage import tables
from chatapp.storage.sqlite_writing import Batches
from tests.support.store import Store, open_store


async def said(store: Store, room: Room, index: int = 1) -> list[str]:
    return [each.content for each in await stored.newest(store.database, room.id, index, 200)]


@pytest.fixture
async def ada(store: Store) -> Person:
    return await store.person("ada")


@pytest.fixture
async def room(store: Store, ada: Person) -> Room:
    return await store.room("designers", ada)


async def test_each_edit_keeps_what_was_said_before_newest_first(store: Store, ada: Person, room: Room) -> None:
    first = await store.says(ada, "one", room)
    second = await store.edits(ada, 1, "two", room)
    await store.edits(ada, 1, "three", room)
    found = await stored.newest(store.database, room.id, 1, 200)
    assert found == [Revision("two", second.edited_at or 0), Revision("one", first.created_at)]
    assert [each.content for each in await stored.newest(store.database, room.id, 1, 1)] == ["two"]


async def test_an_edit_that_changes_no_word_keeps_nothing(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "one", room)
    await store.edits(ada, 1, "one", room)
    assert await said(store, room) == []


async def test_edits_and_a_deletion_of_one_commit_leave_nothing(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "one", room)
    await store.says(ada, "another", room)
    edits = [store.edits(ada, 1, f"wording {number}", room) for number in range(5)]
    await asyncio.gather(*edits, store.edits(ada, 2, "otherwise", room), store.deletes(ada, 1, room))
    assert await said(store, room, 1) == []
    assert await said(store, room, 2) == ["another"]
    assert len(await store.database.all(sa.select(tables.revisions.c.version))) == 1


async def test_what_the_disk_has_altered_is_not_shown(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "one", room)
    await store.edits(ada, 1, "two", room)
    async with store.database.transaction() as tx:
        await tx.execute(sa.update(tables.revisions).values(content="forged"))
    (found,) = await stored.newest(store.database, room.id, 1, 200)
    assert (found.content, found.is_damaged) == ("", True)


@pytest.mark.file_only("what is left in pages of a file; a server's are its own affair")
async def test_no_word_that_was_deleted_stays_in_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Batches.connect

    def as_elsewhere(batches: Batches, *arguments: Any, **named: Any) -> sqlite3.Connection:
        """Built without what Debian's has been built with."""
        connection = plain(batches, *arguments, **named)
        connection.execute("PRAGMA secure_delete=OFF")
        return connection

    monkeypatch.setattr(Batches, "connect", as_elsewhere)
    async with open_store(path) as store:
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        for content in ("mellifluous", "susurrus " * 1000):
            message = await store.says(ada, content, room)
            await store.edits(ada, message.index, "plain", room)
            await store.deletes(ada, message.index, room)
    left = await asyncio.to_thread(path.read_bytes)
    assert [word for word in (b"mellifluous", b"susurrus") if word in left] == []
