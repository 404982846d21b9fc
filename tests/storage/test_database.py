"""One writer, readers of their own, and a lock against a second process."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncTransaction

from chatapp.core.errors import Unavailable
from chatapp.storage.database import AlreadyRunning, Database, Durability, Transaction, locked, open_database
from chatapp.storage.tables import meta, people


@pytest.fixture
async def database(path: Path) -> Any:
    async with open_database(path) as opened:
        yield opened


async def note(tx: Transaction, key: str, value: str = "") -> None:
    await tx.execute(sa.insert(meta).values(key=key, value=value))


async def keys(database: Database | Transaction) -> list[str]:
    return [row[0] for row in await database.all(sa.select(meta.c.key).order_by(meta.c.key))]


@contextmanager
def no_thread_is_left() -> Iterator[None]:
    """The driver's threads are no daemons: one too many and the process never ends."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in set(threading.enumerate()) - before if not thread.daemon]
    for thread in left:
        thread.join(timeout=5)
    assert [thread.name for thread in left if thread.is_alive()] == []


# Transactions


async def test_a_transaction_is_told_of_after_its_commit(database: Database, path: Path) -> None:
    seen: list[Any] = []

    def look() -> None:
        other = sqlite3.connect(path)
        seen.extend(other.execute("SELECT key FROM meta"))
        other.close()

    async with database.transaction() as tx:
        await note(tx, "a")
        tx.after_commit(look)
        assert seen == []
    assert seen == [("a",)]


async def test_what_fails_is_rolled_back_and_not_told(database: Database) -> None:
    told: list[str] = []

    async def work() -> None:
        async with database.transaction() as tx:
            await note(tx, "a")
            tx.after_commit(lambda: told.append("a"))
            raise KeyError

    with pytest.raises(KeyError):
        await work()
    assert (await keys(database), told) == ([], [])


async def test_a_cancelled_transaction_is_rolled_back(database: Database) -> None:
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


async def test_transactions_cancelled_anywhere_leave_the_writer_whole(database: Database) -> None:
    async def work(key: str) -> None:
        async with database.transaction() as tx:
            await note(tx, key, "1")
            await note(tx, f"{key} again", "2")

    for steps in range(60):
        task = asyncio.create_task(work(f"{steps:03}"))
        for _ in range(steps * 4):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    found = await keys(database)
    # Whole or not at all.
    assert [f"{key} again" for key in found if " " not in key] == [key for key in found if " " in key]
    async with database.transaction() as tx:
        await note(tx, "zzz")
    assert (await keys(database))[-1] == "zzz"


async def test_announcements_keep_the_order_of_commits(database: Database) -> None:
    told: list[int] = []

    async def work(number: int) -> None:
        async with database.transaction() as tx:
            await note(tx, str(number))
            rows = await tx.all(sa.select(meta.c.key))
            tx.after_commit(lambda: told.append(len(rows)))

    await asyncio.gather(*(work(number) for number in range(20)))
    assert told == list(range(1, 21))


async def test_a_transaction_sees_its_own_writes_and_nobody_else_does(database: Database) -> None:
    async with database.transaction() as tx:
        await note(tx, "a")
        assert await keys(tx) == ["a"]
        assert await keys(database) == []
    assert await keys(database) == ["a"]


async def test_reading_does_not_wait_for_the_writer(database: Database) -> None:
    async with database.transaction() as tx:
        await note(tx, "a")
        async with asyncio.timeout(2):
            assert await database.one(sa.select(meta.c.key)) is None
            assert await database.hot("SELECT count(*) FROM meta", ()) == [(0,)]


async def test_many_read_at_once(database: Database) -> None:
    found = await asyncio.gather(*(database.one(sa.select(sa.literal(number))) for number in range(50)))
    assert [row[0] for row in found if row] == list(range(50))


# Refusals


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable):
        await database.all(sa.insert(meta).values(key="a", value="").returning(meta.c.key))
    with pytest.raises(Unavailable):
        await database.hot("INSERT INTO meta VALUES ('a', '')", ())
    assert await keys(database) == []


async def test_a_lock_held_elsewhere_is_a_passing_refusal(database: Database, path: Path) -> None:
    await (await database.driver()).execute("PRAGMA busy_timeout=10")
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


async def test_a_full_disk_is_a_passing_refusal(database: Database) -> None:
    driver = await database.driver()
    await driver.execute("PRAGMA max_page_count=1")
    with pytest.raises(Unavailable):
        async with database.transaction() as tx:
            await note(tx, "a", "x" * 200_000)
    await (await database.driver()).execute("PRAGMA max_page_count=1000000")
    async with database.transaction() as tx:
        await note(tx, "b")
    assert await keys(database) == ["b"]


async def test_foreign_keys_are_held(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with database.transaction() as tx:
            await tx.execute(sa.text("INSERT INTO memberships (room_id, person_id, joined_at) VALUES (9, 9, 0)"))
    assert await database.one(sa.select(people.c.id)) is None


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
async def test_durability_is_what_was_asked_for(path: Path, durability: Durability, synchronous: int) -> None:
    async with open_database(path, durability=durability) as database:
        driver = await database.driver()
        answers = [await driver.execute_fetchall(f"PRAGMA {name}") for name in ("synchronous", "journal_mode")]
    assert [tuple(row) for rows in answers for row in rows] == [(synchronous,), ("wal",)]


# Opening and closing


async def test_closing_leaves_no_thread(path: Path) -> None:
    with no_thread_is_left():
        async with open_database(path) as database:
            await asyncio.gather(*(database.one(sa.select(sa.literal(1))) for _ in range(5)))


async def test_closing_leaves_one_file(path: Path) -> None:
    """A log left beside it would be taken for that of an older copy which is put in its place."""
    async with open_database(path) as database:
        async with database.transaction() as tx:
            await note(tx, "a")
        assert await keys(database) == ["a"]
        assert await database.hot("SELECT key FROM meta", ()) == [("a",)]
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]


async def test_a_failed_start_leaves_no_thread(tmp_path: Path) -> None:
    path = tmp_path / "chatapp.db"
    path.write_bytes(b"This is no database. " * 500)
    with no_thread_is_left():
        with pytest.raises(Unavailable):
            async with open_database(path):
                raise AssertionError
        with pytest.raises(KeyError):
            async with open_database(tmp_path / "other.db"):
                raise KeyError


async def test_a_second_connection_that_fails_closes_the_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatapp.storage.database.reader", refuse)
    with no_thread_is_left(), pytest.raises(Unavailable):
        async with open_database(path):
            raise AssertionError


def refuse(_path: Path) -> sqlite3.Connection:
    raise sqlite3.OperationalError("unable to open database file")


async def test_the_writer_can_be_opened_anew(database: Database) -> None:
    async with database.transaction() as tx:
        await note(tx, "a")
    await database.reopen_writer()
    async with database.transaction() as tx:
        await note(tx, "b")
    assert await keys(database) == ["a", "b"]


# One process


def test_a_second_process_is_refused_with_the_number_of_the_first(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\) is using {tmp_path}\."),
        locked(tmp_path),
    ):
        raise AssertionError


def test_the_lock_goes_with_its_holder(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path):
            assert (tmp_path / "chatapp.lock").read_text() == str(os.getpid())


async def fails_half_way(database: Database) -> None:
    with suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            await note(tx, "half-done")
            raise ZeroDivisionError


async def test_a_roll_back_that_fails_costs_the_connection_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_work: object) -> None:
        raise sa.exc.OperationalError("ROLLBACK", None, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patch:
        patch.setattr(AsyncTransaction, "rollback", fails)
        await fails_half_way(database)
    async with database.transaction() as tx:
        await note(tx, "whole")
    assert {"half-done", "whole"} & set(await keys(database)) == {"whole"}
