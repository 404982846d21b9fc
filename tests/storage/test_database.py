"""One writer, readers of their own, and a lock against a second process."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncTransaction

from chatapp.core.errors import Unavailable
from chatapp.storage.database import Durability
from chatapp.storage.sqlite import SqliteDatabase, open_database
from chatapp.storage.statement import Statement
from chatapp.storage.tables import meta, people
from tests.storage.conftest import keys, note
from tests.support.engine import behind_its_back

FILE: Final = pytest.mark.file_only("the engine of the file; a server has tests/postgres/test_start.py")


# Transactions


async def test_a_transaction_is_told_of_after_its_commit(database: SqliteDatabase, path: Path) -> None:
    seen: list[Any] = []

    def look() -> None:
        with behind_its_back(path) as other:
            seen.extend(other.execute("SELECT key FROM meta WHERE key = 'a'"))

    async with database.transaction() as tx:
        await note(tx, "a")
        tx.after_commit(look)
        assert seen == []
    assert seen == [("a",)]


async def test_what_fails_is_rolled_back_and_not_told(database: SqliteDatabase) -> None:
    told: list[str] = []

    async def work() -> None:
        async with database.transaction() as tx:
            await note(tx, "a")
            tx.after_commit(lambda: told.append("a"))
            raise KeyError

    with pytest.raises(KeyError):
        await work()
    assert (await keys(database), told) == ([], [])


@FILE
async def test_what_cannot_be_committed_is_rolled_back_and_not_told(database: SqliteDatabase) -> None:
    told: list[str] = []

    async def work() -> None:
        async with database.transaction() as tx:
            # Looked at by the commit only.
            await tx.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            await tx.execute(sa.text("INSERT INTO memberships (room_id, person_id, joined_at) VALUES (9, 9, 0)"))
            await note(tx, "a")
            tx.after_commit(lambda: told.append("a"))

    with pytest.raises(sa.exc.IntegrityError):
        await work()
    async with database.transaction() as tx:
        await note(tx, "b")
        tx.after_commit(lambda: told.append("b"))
    assert (await keys(database), told) == (["b"], ["b"])


async def test_an_error_does_not_repeat_what_was_said(database: SqliteDatabase) -> None:
    async def twice() -> None:
        async with database.transaction() as tx:
            for _ in range(2):
                await note(tx, "one", "in confidence")

    with pytest.raises(sa.exc.IntegrityError) as caught:
        await twice()
    assert "confidence" not in str(caught.value)


async def test_a_cancelled_transaction_is_rolled_back(database: SqliteDatabase) -> None:
    is_inside = asyncio.Event()

    async def work() -> None:
        async with database.transaction() as tx:
            await note(tx, "a")
            is_inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await is_inside.wait()
    task.cancel()
    await asyncio.wait([task])
    async with database.transaction() as tx:
        await note(tx, "b")
    assert await keys(database) == ["b"]


async def test_transactions_cancelled_anywhere_leave_the_writer_whole(database: SqliteDatabase) -> None:
    told: list[str] = []

    async def work(key: str) -> None:
        async with database.transaction() as tx:
            await note(tx, key, "1")
            await note(tx, f"{key} again", "2")
            tx.after_commit(lambda: told.append(key))

    for steps in range(60):
        task = asyncio.create_task(work(f"{steps:03}"))
        for _ in range(steps * 4):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    found = await keys(database)
    # Whole or not at all, and told of when it is there.
    assert [f"{key} again" for key in found if " " not in key] == [key for key in found if " " in key]
    async with database.transaction() as tx:
        await note(tx, "zzz")
    assert (await keys(database))[-1] == "zzz"
    assert told == [key for key in found if " " not in key]


@FILE
async def test_a_transaction_cancelled_in_its_commit_is_told_of_before_anything_newer(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    is_committing = asyncio.Event()
    commit = AsyncTransaction.commit

    async def noted(self: AsyncTransaction) -> None:
        is_committing.set()
        await commit(self)

    async def work(key: str) -> None:
        async with database.transaction() as tx:
            await note(tx, key)
            tx.after_commit(lambda: told.append(key))

    monkeypatch.setattr(AsyncTransaction, "commit", noted)
    task = asyncio.create_task(work("a"))
    await is_committing.wait()
    newer = asyncio.create_task(work("b"))
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    await newer
    assert (await keys(database), told) == (["a", "b"], ["a", "b"])


async def test_announcements_keep_the_order_of_commits(database: SqliteDatabase) -> None:
    told: list[int] = []

    async def work(number: int) -> None:
        async with database.transaction() as tx:
            await note(tx, str(number))
            rows = await tx.all(sa.select(meta.c.key))
            tx.after_commit(lambda: told.append(len(rows)))

    await asyncio.gather(*(work(number) for number in range(20)))
    assert told == list(range(1, 21))


async def test_a_transaction_sees_its_own_writes_and_nobody_else_does(database: SqliteDatabase) -> None:
    async with database.transaction() as tx:
        await note(tx, "a")
        assert await keys(tx) == ["a"]
        assert await keys(database) == []
    assert await keys(database) == ["a"]


async def test_reading_does_not_wait_for_the_writer(database: SqliteDatabase) -> None:
    async with database.transaction() as tx:
        await note(tx, "a")
        async with asyncio.timeout(2):
            assert await database.one(sa.select(meta.c.key)) is None
            assert await database.hot(Statement(sa.text("SELECT count(*) FROM meta"))) == [(0,)]


async def test_many_read_at_once(database: SqliteDatabase) -> None:
    found = await asyncio.gather(*(database.one(sa.select(sa.literal(number))) for number in range(50)))
    assert [row[0] for row in found if row] == list(range(50))


# Refusals


async def test_readers_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(Unavailable):
        await database.all(sa.insert(meta).values(key="a", value="").returning(meta.c.key))
    with pytest.raises(Unavailable):
        await database.hot(Statement(sa.text("INSERT INTO meta VALUES ('a', '')")))
    assert await keys(database) == []


@FILE
async def test_a_lock_held_elsewhere_is_a_passing_refusal(database: SqliteDatabase, path: Path) -> None:
    await (await database._drive()).execute("PRAGMA busy_timeout=10")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        async with database.transaction() as tx:
            await note(tx, "a")
    other.execute("ROLLBACK")
    other.close()
    async with database.transaction() as tx:
        await note(tx, "b")
    assert await keys(database) == ["b"]


@FILE
async def test_a_full_disk_is_a_passing_refusal(database: SqliteDatabase) -> None:
    driver = await database._drive()
    await driver.execute("PRAGMA max_page_count=1")
    with pytest.raises(Unavailable):
        async with database.transaction() as tx:
            await note(tx, "a", "x" * 200_000)
    await (await database._drive()).execute("PRAGMA max_page_count=1000000")
    async with database.transaction() as tx:
        await note(tx, "b")
    assert await keys(database) == ["b"]


async def test_foreign_keys_are_held(database: SqliteDatabase) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with database.transaction() as tx:
            await tx.execute(sa.text("INSERT INTO memberships (room_id, person_id, joined_at) VALUES (9, 9, 0)"))
    assert await database.one(sa.select(people.c.id)) is None


@FILE
@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
async def test_durability_is_what_was_asked_for(path: Path, durability: Durability, synchronous: int) -> None:
    async with open_database(path, durability=durability) as database:
        driver = await database._drive()
        answers = [await driver.execute_fetchall(f"PRAGMA {name}") for name in ("synchronous", "journal_mode")]
    assert [tuple(row) for rows in answers for row in rows] == [(synchronous,), ("wal",)]
