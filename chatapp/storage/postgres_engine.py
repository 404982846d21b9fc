"""Connections to a PostgreSQL server, and what each of them asks of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

import asyncpg
import msgspec
import sqlalchemy as sa

from chatapp.storage import migrate
from chatapp.storage.database import Durability, Outdated, Row
from chatapp.storage.engine import AsyncConnection, AsyncEngine, create_async_engine

CONNECT_SECONDS: Final = 5.0
# Past what the server itself allows a statement: then the server or the way to it is gone.
ANSWER_SECONDS: Final = 15.0
STATEMENT_MS: Final = 10_000
LOCK_MS: Final = 5_000
# Who holds a lock and says nothing, a stopped process above all, must not hold up the others for long.
IDLE_MS: Final = 15_000
# What a newer version is bringing the database to, in ``meta`` until it is there.
COMING: Final = "schema.coming"
SCHEMAS: Final = f"SELECT version_num FROM alembic_version UNION ALL SELECT value FROM meta WHERE key = '{COMING}'"  # noqa: S608
OUTDATED: Final = "A newer version of chatapp has taken over. Please try again."
# Which server, line of its history, database and table of rooms: after a restore or a takeover, another.
WHICH: Final = sa.text(
    "SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()), "
    "left(pg_walfile_name(pg_current_wal_lsn()), 8), "
    "(SELECT oid FROM pg_database WHERE datname = current_database()), CAST(CAST('rooms' AS regclass) AS oid))"
)


class Asked(msgspec.Struct, frozen=True):
    """What a connection is for. ``is_patient``: as long as it takes, on any schema, for migrations."""

    durability: Durability
    is_reader: bool = False
    is_patient: bool = False
    name: str = "chatapp"

    def settings(self) -> str:
        """As statements: a pooler refuses most of them as parameters of a connection, or drops them."""
        waits = (0, 0, 0) if self.is_patient else (STATEMENT_MS, LOCK_MS, IDLE_MS)
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        asked = {
            "default_transaction_isolation": "read committed",
            # Else as the server says: an operator, or a provider whose disk is full, may let nothing be written.
            **({"default_transaction_read_only": "on"} if self.is_reader else {}),
            "synchronous_commit": "on" if self.durability == "full" else "off",
            **dict(zip(names, waits, strict=True)),
        }
        return ";".join(f"SET {name} = '{value}'" for name, value in asked.items())


def engine(url: str, asked: Asked, connections: int) -> AsyncEngine:
    """So many connections at most, each opened when it is first needed.

    Opening one that is not patient raises :class:`Outdated` where the schema is newer than this version. Those that are
    open then have been ended by whoever made it so.
    """
    # Those of now: an upgrade may put newer ones into the same folder.
    known = frozenset(migrate.revisions())

    made = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: _connected(url, asked, known),
        pool_size=connections,
        max_overflow=0,
        pool_reset_on_return=None if asked.is_reader else "rollback",
        **({"isolation_level": "AUTOCOMMIT"} if asked.is_reader else {}),
    )

    @sa.event.listens_for(made.sync_engine, "before_cursor_execute")
    def look(_connection: Any, _cursor: Any, _sql: str, values: Any, _context: Any, is_many: bool) -> None:
        refuse_unstorable(chain.from_iterable(values) if is_many else values)

    @sa.event.listens_for(made.sync_engine, "checkout")
    def is_there(connection: Any, _record: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise sa.exc.DisconnectionError

    return made


async def _connected(url: str, asked: Asked, known: frozenset[str]) -> asyncpg.Connection[Any]:
    made = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=None if asked.is_patient else ANSWER_SECONDS,
        server_settings={"application_name": asked.name},
    )
    try:
        await made.execute(asked.settings())
        if not asked.is_patient and not known.issuperset(row[0] for row in await made.fetch(SCHEMAS)):
            raise Outdated(OUTDATED)
    except BaseException:
        # Whoever asked has gone away, perhaps: nobody else knows of it.
        made.terminate()
        raise
    return made


class Unstorable(ValueError):
    """Text that no text of a database can be equal to."""


def refuse_unstorable(values: Iterable[Any]) -> None:
    """Raise :class:`Unstorable` for a NUL or half a surrogate pair, before the server would end the transaction."""
    for value in values:
        if isinstance(value, str) and not value.isprintable() and ("\0" in value or not _is_encodable(value)):
            raise Unstorable(repr(value))


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


async def driver_of(connection: AsyncConnection) -> asyncpg.Connection[Any]:
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, asyncpg.Connection)  # noqa: S101 - narrows a type
    return driver


async def first(connection: AsyncConnection, statement: sa.Executable) -> Row | None:
    return (await connection.execute(statement)).first()


async def every(connection: AsyncConnection, statement: sa.Executable) -> Sequence[Row]:
    return (await connection.execute(statement)).all()


async def fetched(connection: AsyncConnection, sql: str, values: Sequence[Any]) -> list[Any]:
    return list(await (await driver_of(connection)).fetch(sql, *values))
