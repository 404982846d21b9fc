"""A file is opened and closed with all that belongs to it, also where something fails."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncTransaction

from chatapp.core.errors import Unavailable
from chatapp.storage.sqlite import SqliteDatabase, open_database
from chatapp.storage.statement import Statement
from tests.storage.conftest import keys, note

pytestmark = pytest.mark.file_only("the engine of the file; a server has tests/postgres/test_start.py")


@contextmanager
def no_thread_is_left() -> Iterator[None]:
    """The driver's threads are no daemons: one too many and the process never ends."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in set(threading.enumerate()) - before if not thread.daemon]
    for thread in left:
        thread.join(timeout=5)
    assert [thread.name for thread in left if thread.is_alive()] == []


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
        assert await database.hot(Statement(sa.text("SELECT key FROM meta"))) == [("a",)]
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
    monkeypatch.setattr("chatapp.storage.sqlite.reader", refuse)
    with no_thread_is_left(), pytest.raises(Unavailable):
        async with open_database(path):
            raise AssertionError


def refuse(_path: Path) -> sqlite3.Connection:
    raise sqlite3.OperationalError("unable to open database file")


async def test_the_writer_can_be_opened_anew(database: SqliteDatabase) -> None:
    async with database.transaction() as tx:
        await note(tx, "a")
    await database.reopen_writer()
    async with database.transaction() as tx:
        await note(tx, "b")
    assert await keys(database) == ["a", "b"]


async def fails_half_way(database: SqliteDatabase) -> None:
    with suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            await note(tx, "half-done")
            raise ZeroDivisionError


async def test_a_roll_back_that_fails_costs_the_connection_and_nothing_else(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_work: object) -> None:
        raise sa.exc.OperationalError("ROLLBACK", None, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patch:
        patch.setattr(AsyncTransaction, "rollback", fails)
        await fails_half_way(database)
    async with database.transaction() as tx:
        await note(tx, "whole")
    assert {"half-done", "whole"} & set(await keys(database)) == {"whole"}
