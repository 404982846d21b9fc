"""Connections to a SQLite file: the one that writes, and those that only read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiosqlite
import sqlalchemy as sa

from chatapp.storage.database import Durability
from chatapp.storage.engine import AsyncConnection, AsyncEngine, create_async_engine
from chatapp.storage.health import BUSY_MS

READERS: Final = 3


def engine(
    path: Path, durability: Durability, *, factory: Callable[..., sqlite3.Connection] | None = None
) -> AsyncEngine:
    """To read only, or with a ``factory`` of the one connection that writes."""
    read_only = factory is None
    file, query = (path.absolute().as_uri(), {**to_read(path), "uri": "true"}) if read_only else (str(path), {})
    made = create_async_engine(
        sa.URL.create("sqlite+aiosqlite", database=file, query=query),
        connect_args={"factory": factory} if factory else {},
        pool_size=READERS if read_only else 1,
        max_overflow=0,
        pool_reset_on_return=None if read_only else "rollback",
    )

    @sa.event.listens_for(made.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # None: the driver starts no transaction by itself; the "begin" event below does.
        connection.isolation_level = None
        connection.driver_connection.text_factory = lenient
        cursor = connection.cursor()
        for pragma in _pragmas(durability, read_only=read_only):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if not read_only:

        @sa.event.listens_for(made.sync_engine, "begin")
        def begin(connection: sa.Connection) -> None:
            # Deferred transactions that read before they write lose the race for the lock.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


def to_read(path: Path) -> dict[str, str]:
    """What a URI says of a file that is only read."""
    # In a folder that cannot be written to, the files that guard readers and writers cannot be made.
    has_log = path.with_name(f"{path.name}-wal").exists()
    return {"mode": "ro"} if has_log or os.access(path.parent, os.W_OK) else {"mode": "ro", "immutable": "1"}


def _pragmas(durability: Durability, *, read_only: bool) -> list[str]:
    if read_only:
        return [f"busy_timeout={BUSY_MS}", "query_only=ON"]
    # What is deleted is overwritten, which Debian's SQLite does by itself, and others do not.
    always = ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON")
    return [f"busy_timeout={BUSY_MS}", f"synchronous={durability.upper()}", *always]


async def driver_of(connection: AsyncConnection) -> aiosqlite.Connection:
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, aiosqlite.Connection)  # noqa: S101 - narrows a type
    return driver


def lenient(text: bytes) -> str:
    """Text as it can be read: a byte that the disk altered must not hide the row it is in."""
    return text.decode("utf-8", "replace")
