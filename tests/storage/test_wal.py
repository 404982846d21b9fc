"""What was answered is in the log beside the file for a while: should that be taken away, nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from chatapp.core.errors import Unavailable
from chatapp.storage.sqlite import SqliteDatabase, open_database
from chatapp.storage.statement import Statement
from chatapp.storage.tables import meta
from tests.support.house import until

pytestmark = pytest.mark.file_only("the log beside the file")

BESIDE = ("-wal", "-shm")
COUNT = Statement(sa.text("SELECT count(*) FROM meta"))


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    async with open_database(path) as opened:
        yield opened


async def write(database: SqliteDatabase, key: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.insert(meta).values(key=key, value=""))


def on_the_disk(path: Path) -> list[str]:
    """What the database file itself holds, whatever is beside it."""
    connection = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    found = [row[0] for row in connection.execute("SELECT key FROM meta ORDER BY key")]
    connection.close()
    return found


def take_away(path: Path, end: str) -> None:
    path.with_name(path.name + end).unlink()


@contextmanager
def held_at_this_moment(path: Path) -> Iterator[None]:
    """Somebody who reads the database as it is now, so that the log cannot be brought home."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM meta").fetchone()
    yield
    other.close()


@pytest.mark.parametrize("end", BESIDE)
async def test_what_was_answered_is_saved_when_the_log_is_taken_away_and_writing_goes_on(
    database: SqliteDatabase, path: Path, end: str
) -> None:
    await write(database, "a")
    take_away(path, end)
    with structlog.testing.capture_logs() as lines:
        await write(database, "b")
        assert on_the_disk(path) == ["a"]
        await write(database, "c")
    assert path.with_name(path.name + end).exists()
    assert len(await database.all(sa.select(meta.c.key))) == 3
    assert await database.hot(COUNT) == [(3,)]
    assert await database.is_well()
    assert [line["event"] for line in lines] == ["database.gone", "database.back"]


async def test_so_is_it_when_nobody_writes(database: SqliteDatabase, path: Path) -> None:
    await write(database, "a")
    take_away(path, "-wal")
    await until(lambda: on_the_disk(path) == ["a"])
    await until(path.with_name(f"{path.name}-wal").exists)


async def test_where_it_cannot_be_saved_nothing_more_is_taken_until_it_can(
    database: SqliteDatabase, path: Path
) -> None:
    await write(database, "a")
    with held_at_this_moment(path), structlog.testing.capture_logs() as lines:
        await write(database, "b")
        assert len(await database.all(sa.select(meta.c.key))) == 2
        take_away(path, "-wal")
        for _ in range(2):
            with pytest.raises(Unavailable, match="gone or was replaced"):
                await write(database, "into nowhere")
            assert not await database.is_well()
            assert len(await database.all(sa.select(meta.c.key))) == 2
    assert [line["event"] for line in lines] == ["database.gone"]
    await until(lambda: not database.wal.is_lost)
    assert await database.is_well()
    await write(database, "c")
    assert [row[0] for row in await database.all(sa.select(meta.c.key).order_by(meta.c.key))] == ["a", "b", "c"]


async def test_reading_amid_all_this_is_right_or_to_be_tried_again(database: SqliteDatabase, path: Path) -> None:
    for number in range(3):
        await write(database, f"{number}")
        take_away(path, "-wal")
        writing = asyncio.create_task(write(database, f"{number} again"))
        readers = [counted(database, until_done=writing) for _ in range(3)]
        counts = {count for found in await asyncio.gather(*readers) for count in found}
        await writing
        assert counts <= {2 * number + 1, 2 * number + 2}
    assert await database.hot(COUNT) == [(6,)]


async def counted(database: SqliteDatabase, *, until_done: asyncio.Task[None]) -> list[int]:
    """How many there were, each time that could be said."""
    found = []
    while not until_done.done():
        with suppress(Unavailable):
            found += [row[0] for row in await database.hot(COUNT)]
            found += [row[0] for row in await database.all(sa.select(sa.func.count()).select_from(meta))]
        await asyncio.sleep(0)
    return found
