"""When the disk, a change or a listener fails: nothing half-done, nobody told, and it passes."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import aiosqlite
import pytest

from chatapp.core.errors import Internal, Unavailable
from chatapp.core.models import Message, Person, Room
from chatapp.storage import journal as journals
from chatapp.storage.batch import Batch, Post
from chatapp.storage.database import Contended, Writer
from tests.support.store import Store, all_at_once, contents, indexes, open_store, post, versions

FULL: Final = "PRAGMA max_page_count=1"
LONG: Final = "x" * 200_000
SURROGATE: Final = "\ud800"
FILE: Final = pytest.mark.file_only("a failing disk; tests/postgres/test_faults.py has a failing server")


async def driver(store: Store) -> aiosqlite.Connection:
    return await store.file._drive()


@FILE
async def test_a_full_disk_stores_nothing_and_passes(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "before", room)
    await (await driver(store)).execute(FULL)
    found = await all_at_once(*(store.says(ada, LONG, room) for _ in range(3)))
    assert [type(error) for error in found] == [Unavailable] * 3
    assert contents(await store.stored(room)) == ["before"]
    # The connection was opened anew, and with it the limit is gone: nobody has to restart anything.
    after = await store.says(ada, LONG, room)
    assert after.index == 2
    assert versions(store.announced) == [1, 2]


class Failing:
    """A connection whose next statement that begins with ``word`` fails; those after it do not."""

    def __init__(self, connection: Any, word: str, error: Exception) -> None:
        self._connection, self._word, self._error = connection, word, error
        self._is_over = False

    def execute(self, sql: str, *more: Any) -> Any:
        if sql.startswith(self._word) and not self._is_over:
            self._is_over = True
            raise self._error
        return self._connection.execute(sql, *more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def fails_at(monkeypatch: pytest.MonkeyPatch, store: Store, word: str, error: Exception) -> None:
    await driver(store)
    batches = store.file._batches
    monkeypatch.setattr(batches, "_connection", Failing(batches._connection, word, error))


@FILE
@pytest.mark.parametrize("word", ["BEGIN", "COMMIT"])
async def test_a_failing_disk_stores_nothing_and_passes(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    await fails_at(monkeypatch, store, word, sqlite3.OperationalError("disk I/O error"))
    found = await all_at_once(*(store.says(ada, f"{n}", room, client_id=f"{n}") for n in range(3)))
    assert [type(error) for error in found] == [Unavailable] * 3
    assert (store.calls, await store.stored(room)) == ([], [])
    again = await all_at_once(*(store.says(ada, f"{n}", room, client_id=f"{n}") for n in range(3)))
    assert indexes(again) == [1, 2, 3]


@pytest.mark.parametrize(
    "poison",
    [Post(1, 1, 0, SURROGATE), Post(1, 1, 2**70, "too late")],
    ids=["lone surrogate", "number over 64 bits"],
)
async def test_a_poisonous_change_fails_alone(store: Store, ada: Person, room: Room, poison: Post) -> None:
    """Every door refuses these; should one come through, it must not take others down."""
    bad = Post(room.id, ada.id, poison.at, poison.content)
    before, no, after = await all_at_once(
        store.says(ada, "before", room), store.journal.append(bad), store.says(ada, "after", room)
    )
    assert isinstance(no, Internal)
    assert indexes([before, after]) == [1, 2]
    assert await store.stored(room) == [before, after]
    assert store.announced == [before, after]


@FILE
async def test_a_change_that_a_rule_of_the_file_refuses_fails_alone_and_is_no_fault_of_the_disk(
    store: Store, ada: Person, room: Room
) -> None:
    await (await driver(store)).execute(
        "CREATE TEMP TRIGGER no BEFORE INSERT ON messages WHEN new.content = 'no' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    before, no, after = await all_at_once(*(store.says(ada, content, room) for content in ("before", "no", "after")))
    assert isinstance(no, Internal)
    assert await store.stored(room) == [before, after]
    assert not store.file.health.has_refused


@FILE
@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), sqlite3.ProgrammingError("closed")])
async def test_a_disk_that_also_fails_to_roll_back_costs_no_more_than_the_batch(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch, error: sqlite3.Error
) -> None:
    await fails_at(monkeypatch, store, "COMMIT", sqlite3.OperationalError("disk I/O error"))
    await fails_at(monkeypatch, store, "ROLLBACK", error)
    found = await all_at_once(*(store.says(ada, f"{n}", room) for n in range(3)))
    assert [type(error) for error in found] == [Unavailable] * 3
    assert (store.calls, await store.stored(room)) == ([], [])
    assert (await store.says(ada, "after", room)).index == 1


@FILE
async def test_who_stops_waiting_does_not_keep_a_refusal_from_the_others(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fails_at(monkeypatch, store, "COMMIT", sqlite3.OperationalError("disk I/O error"))
    async with store.database.write_lock:
        impatient, patient = (asyncio.ensure_future(store.says(ada, f"{n}", room)) for n in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
    assert [type(error) for error in await all_at_once(impatient, patient)] == [asyncio.CancelledError, Unavailable]
    assert (await store.says(ada, "after", room)).index == 1


async def test_an_announcement_that_fails_does_not_store_again(store: Store, ada: Person, room: Room) -> None:
    def broken(_room_id: int, _changes: object) -> None:
        raise RuntimeError("nobody to tell")

    store.journal._announce = broken
    both = await all_at_once(store.says(ada, "hello", room), store.says(ada, "and more", room))
    last = await store.says(ada, "and after", room)
    assert await store.stored(room) == [*both, last]


async def test_who_stops_waiting_is_stored_all_the_same(store: Store, ada: Person, room: Room) -> None:
    async with store.database.write_lock:
        impatient = asyncio.ensure_future(store.says(ada, "hello", room))
        await asyncio.sleep(0)
        impatient.cancel()
    assert (await store.says(ada, "next", room)).index == 2
    assert contents(await store.stored(room)) == ["hello", "next"]


async def test_a_full_queue_is_refused_at_once(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "WAITING", 3)
    found = await all_at_once(*(store.says(ada, f"{n}", room) for n in range(5)))
    assert [type(answer) for answer in found] == [Message] * 3 + [Unavailable] * 2


# The end


async def test_closing_writes_what_was_taken_and_takes_no_more(path: Path) -> None:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(path))
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        last = [asyncio.ensure_future(store.says(ada, f"{n}", room)) for n in range(2500)]
        await asyncio.sleep(0)
        await stack.aclose()
    assert indexes(await asyncio.gather(*last)) == list(range(1, 2501))
    with pytest.raises(Unavailable):
        await store.journal.append(post(ada, "too late", room))


@pytest.mark.parametrize("times", [1, 2, 3, 4])
async def test_what_met_somebody_else_is_tried_again_one_by_one_and_once(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    left, stores = times, Batch.store

    async def meets(batch: Batch, writer: Writer) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise Contended("Somebody else was there.")
        await stores(batch, writer)

    monkeypatch.setattr(Batch, "store", meets)
    found = await all_at_once(*(store.says(ada, f"{n}", room) for n in range(3)))
    # The first time all three met, then each by itself.
    refused = max(0, times - 1)
    assert [type(answer) for answer in found] == [Contended] * refused + [Message] * (3 - refused)
    assert indexes(await store.stored(room)) == list(range(1, 4 - refused))
