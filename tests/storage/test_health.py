"""Readiness asks the file itself, and is red for as long as the file refuses and no longer."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from chatapp.core.errors import Unavailable
from chatapp.storage.sqlite import SqliteDatabase, open_database
from chatapp.storage.sqlite_engine import READERS
from chatapp.storage.tables import meta

pytestmark = pytest.mark.file_only("whether the file is there")


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    async with open_database(path) as opened:
        yield opened


@contextmanager
def moved_away(path: Path) -> Iterator[None]:
    away = path.rename(path.with_name("away"))
    yield
    away.rename(path)


async def write(database: SqliteDatabase, key: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.insert(meta).values(key=key, value=""))


async def keys(database: SqliteDatabase) -> list[str]:
    return [row[0] for row in await database.all(sa.select(meta.c.key).order_by(meta.c.key))]


async def test_who_has_refused_a_write_is_well_once_it_takes_one_and_nothing_is_left_of_that(
    database: SqliteDatabase,
) -> None:
    await (await database._drive()).execute("PRAGMA query_only=ON")
    with pytest.raises(Unavailable):
        await write(database, "a")
    assert not await database.is_well()
    assert await keys(database) == []
    await (await database._drive()).execute("PRAGMA query_only=OFF")
    assert await database.is_well()
    assert not database.health.has_refused
    assert await keys(database) == []
    await write(database, "b")
    assert await keys(database) == ["b"]


async def test_where_all_that_read_wait_for_the_disk_the_next_is_asked_to_try_again(database: SqliteDatabase) -> None:
    pool: Any = database._read_engine.pool
    pool._timeout = 0.1
    async with AsyncExitStack() as stack:
        for _ in range(READERS):
            await stack.enter_async_context(database._reading())
        with pytest.raises(Unavailable):
            await keys(database)
        assert not await database.is_well()
    assert await keys(database) == []
    assert await database.is_well()


async def test_a_file_that_is_gone_is_said_once_and_is_back_when_it_is_back(
    database: SqliteDatabase, path: Path
) -> None:
    with structlog.testing.capture_logs() as lines:
        with moved_away(path):
            for _ in range(2):
                with pytest.raises(Unavailable, match="gone or was replaced"):
                    await write(database, "into nowhere")
                with pytest.raises(Unavailable):
                    await keys(database)
                assert not await database.is_well()
            sqlite3.connect(path).close()
            with pytest.raises(Unavailable):
                await write(database, "into another file")
        assert await database.is_well()
        await write(database, "a")
    assert await keys(database) == ["a"]
    assert [line["event"] for line in lines] == ["database.gone", "database.back"]
