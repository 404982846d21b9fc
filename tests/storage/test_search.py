"""The index beside a database file: it goes on where it was, is begun anew where it does not belong, and forgets."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from chatapp.core.errors import Unavailable
from chatapp.core.models import Person, Room, message_id
from chatapp.core.search import Token
from chatapp.storage import search, sqlite_search
from chatapp.storage.search import Asked, Entry
from chatapp.storage.sqlite_search import FILE, SqliteSearchIndex, open_index
from tests.support.store import Store

pytestmark = pytest.mark.file_only("the index in a file")

NOW: Final = 1_790_000_000_000
EPOCH: Final = "epoch"


@asynccontextmanager
async def opened(path: Path, epoch: str = EPOCH) -> AsyncIterator[SqliteSearchIndex]:
    async with open_index(path.parent, epoch) as index:
        yield index


async def keep(index: SqliteSearchIndex, store: Store, room: Room, ada: Person, *contents: str) -> None:
    """Say these, and index them word for word."""
    for content in contents:
        message = await store.says(ada, content, room)
        entry = Entry(message.id, message.created_at, f"{content} in:{room.id} by:{ada.id}")
        await index.store(room.id, message.version, [entry])


async def found(
    index: SqliteSearchIndex, store: Store, ada: Person, room: Room, *words: str, beginning: bool = False
) -> list[str]:
    """What the messages say now."""
    asked = Asked((room.id,), tuple(Token(word, beginning) for word in words))
    ids = [each.message_id for each in await index.find(asked, 50)]
    known = await search.readable(store.database, ada.id, ids)
    return [known[each].content for each in ids]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def inside(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path.with_name(FILE))) as connection:
        return connection.execute(sql).fetchall()


async def test_what_is_stored_is_found_newest_first(store: Store, path: Path, room: Room, ada: Person) -> None:
    async with opened(path) as index:
        await keep(index, store, room, ada, "one backup", "two backups", "three")
        assert await found(index, store, ada, room, "backup") == ["one backup"]
        assert await found(index, store, ada, room, "back", beginning=True) == ["two backups", "one backup"]
        assert await found(index, store, ada, room, "none", beginning=True) == []
        assert await index.reached() == {room.id: 3}


async def test_more_beginnings_than_are_asked_for_one_by_one(
    store: Store, path: Path, room: Room, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_search, "MOST_BEGINNINGS", 2)
    async with opened(path) as index:
        await keep(index, store, room, ada, "backa", "backb", "backc")
        assert await found(index, store, ada, room, "back", beginning=True) == ["backc", "backb", "backa"]


async def test_it_goes_on_where_it_was(store: Store, path: Path, room: Room, ada: Person) -> None:
    async with opened(path) as index:
        await keep(index, store, room, ada, "one")
    await store.says(ada, "two", room)
    async with opened(path) as index:
        assert await found(index, store, ada, room, "one") == ["one"]
        assert await index.reached() == {room.id: 1}
        assert (await search.tops(store.database))[room.id] == 2


@pytest.mark.parametrize("change", ["epoch", "shape", "garbage", "cut", "gone"])
async def test_an_index_of_something_else_is_begun_anew(
    store: Store, path: Path, room: Room, ada: Person, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(path) as index:
        await keep(index, store, room, ada, "one")
    file, epoch = path.with_name(FILE), EPOCH
    if change == "epoch":
        epoch = "another"
    elif change == "shape":
        monkeypatch.setattr(sqlite_search, "SHAPE", "0")
    elif change == "garbage":
        file.write_bytes(b"This is no database. " * 500)
    elif change == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif change == "gone":
        file.unlink()
    async with opened(path, epoch) as index:
        with suppress(Unavailable):
            await index.reached()
        assert await index.reached() == {}
        assert await found(index, store, ada, room, "one") == []
        await index.store(room.id, 1, [Entry(message_id(room.id, 1), NOW, "one")])
        assert await found(index, store, ada, room, "one") == ["one"]
    assert file.stat().st_mode & 0o777 == 0o600


async def test_the_same_again_changes_nothing_and_other_words_take_the_place(
    store: Store, path: Path, room: Room, ada: Person
) -> None:
    message = await store.says(ada, "said", room)
    async with opened(path) as index:
        for tokens, asked, expected in (
            ("one two", "one", 1),
            ("one two", "two", 1),
            ("two three", "one", 0),
            ("two three", "three", 1),
            ("", "two", 0),
            ("", "three", 0),
            ("one", "one", 1),
        ):
            await index.store(room.id, 1, [Entry(message.id, message.created_at, tokens)])
            assert len(await found(index, store, ada, room, asked)) == expected, (tokens, asked)


async def test_no_word_of_a_deleted_message_is_left_in_the_file(
    store: Store, path: Path, room: Room, ada: Person
) -> None:
    secret = "hunterseventeen"
    message = await store.says(ada, "said", room)
    async with opened(path) as index:
        await keep(index, store, room, ada, *(f"word{number} shared" for number in range(50)))
        await index.store(room.id, 60, [Entry(message.id, NOW, f"{secret} shared in:1")])
        await index.store(room.id, 61, [Entry(message.id, NOW, "")])
        while await index.forget():
            pass
        assert (secret,) not in inside(path, "SELECT word FROM vocabulary")
        assert inside(path, "SELECT 1 FROM vocabulary WHERE word = 'shared'") == [(1,)]
    for file in path.parent.glob(f"{FILE}*"):
        assert secret.encode() not in file.read_bytes(), file.name


async def test_messages_of_one_millisecond_keep_apart(store: Store, path: Path, room: Room, ada: Person) -> None:
    async with opened(path) as index:
        entries = [Entry(message_id(room.id, number), NOW, f"word{number}") for number in range(1, 50)]
        await index.store(room.id, 49, entries)
        await index.store(room.id, 49, [Entry(message_id(room.id, 99), NOW - 1, "older")])
    positions = [row[0] for row in inside(path, "SELECT position FROM entries ORDER BY message_id")]
    assert positions[:-1] == [search.position(NOW) + number for number in range(49)]
    assert positions[-1] == search.position(NOW - 1)


async def test_a_search_that_takes_long_is_ended(
    store: Store, path: Path, room: Room, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_search, "SEARCH_SECONDS", 0.05)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    async with opened(path) as index:
        await keep(index, store, room, ada, "one")
        with pytest.raises(Unavailable, match="too long"):
            await index._read(lambda db: db.execute(endless).fetchone())
        assert await found(index, store, ada, room, "one") == ["one"]


async def test_who_goes_away_takes_the_search_along_and_leaves_the_next_one_its_time(
    store: Store, path: Path, room: Room, ada: Person
) -> None:
    def takes_long(db: sqlite3.Connection) -> None:
        db.create_function("begins", 0, lambda: loop.call_soon_threadsafe(begun.set) is None)
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000000) "
            "SELECT count(*) FROM n WHERE i > 1 OR begins()"
        ).fetchone()

    begun, loop = asyncio.Event(), asyncio.get_running_loop()
    async with opened(path) as index:
        await keep(index, store, room, ada, "one")
        assert await found(index, store, ada, room, "one") == ["one"]
        gone = asyncio.create_task(index._read(takes_long))
        await begun.wait()
        gone.cancel()
        async with asyncio.timeout(search.SEARCH_SECONDS / 2):
            assert await found(index, store, ada, room, "one") == ["one"]


async def test_an_index_that_is_damaged_while_it_is_used_is_begun_anew(
    store: Store, path: Path, room: Room, ada: Person
) -> None:
    file = path.with_name(FILE)
    async with opened(path) as index:
        await keep(index, store, room, ada, *(f"word{number} shared" for number in range(300)))
        await index._write(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())
        with file.open("r+b") as damaged:
            for page in range(1, file.stat().st_size // 4096):
                damaged.seek(page * 4096)
                damaged.write(b"\xff" * 64)
        # Noticed by whoever comes to such a page first, and mended by the next.
        for _ in range(5):
            with suppress(Unavailable):
                await index.store(room.id, 999, [Entry(message_id(room.id, 1), NOW, "one")])
                if await found(index, store, ada, room, "one"):
                    break
        assert len(await found(index, store, ada, room, "one")) == 1


async def test_where_the_disk_refuses_the_chat_opens_and_searching_waits(
    store: Store, path: Path, room: Room, ada: Person
) -> None:
    file = path.with_name(FILE)
    file.mkdir()
    async with opened(path) as index:
        with pytest.raises(Unavailable):
            await index.reached()
        with pytest.raises(Unavailable):
            await found(index, store, ada, room, "one")
        file.rmdir()
        await keep(index, store, room, ada, "one")
        assert await found(index, store, ada, room, "one") == ["one"]


async def test_it_is_closed_whatever_happens(path: Path, store: Store) -> None:
    async def broken() -> None:
        async with opened(path):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await broken()
    async with opened(path) as index:
        assert await index.reached() == {}


async def test_a_folder_may_have_the_marks_of_an_address_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c %41"
    folder.mkdir()
    async with open_index(folder, EPOCH) as index:
        assert await index.find(Asked((1,), (Token("word"),)), 1) == []
    assert (folder / FILE).is_file()
    assert names(tmp_path) == [folder.name]
