"""Before a database on a PostgreSQL server is opened: can it be used, is its schema ours, which life of it is this."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import sqlalchemy as sa
import structlog

from chatapp.storage import audit_log, meta, migrate, tables
from chatapp.storage import postgres_errors as errors
from chatapp.storage.database import Database, Transaction
from chatapp.storage.postgres import LOCK as WRITING
from chatapp.storage.postgres_engine import COMING, CONNECT_SECONDS, WHICH, Asked, engine
from chatapp.storage.usable import Unusable

EPOCH: Final = "epoch"
# In the database: of which server, line of its history, database and table the epoch is.
IDENTITY: Final = "identity"
# In the database: which copy of a file is being made in it, by its id.
COPYING: Final = "copying"
UNFINISHED: Final = "A copy into this database has not come to its end. Go on with: chatapp copy"
OLDEST: Final = 13
MADE: Final = "with ENCODING 'UTF8' TEMPLATE template0"
EMPTY: Final = "Nothing was changed. Name an empty database."
SESSIONS: Final = "Have it give each client one of its own (pool_mode = session), or name the server itself."
# Next to that of postgres.py.
LOCK: Final = sa.bindparam("lock", 0x63686175, sa.BigInteger)
SERVER: Final = sa.text(
    "SELECT CAST(current_setting('server_version_num') AS integer) / 10000, current_setting('server_encoding')"
)
TABLES: Final = sa.text("SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
# Servers and commands of any version, but not those that are about to start.
OTHERS: Final = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chatapp' "
    "AND datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
)
log = structlog.get_logger()


def prepare(url: str, *, is_new: bool = False) -> list[str]:
    """Bring the database to this version's schema; the revisions applied. Of several that start one does it.

    ``is_new``: what somebody else keeps there is refused. Blocking: run it in a thread.
    Raises :class:`chatapp.storage.usable.Unusable`, or ``migrate.TooNew``.
    """
    with in_words(url):
        return asyncio.run(_prepare(url, is_new=is_new))


@contextmanager
def in_words(url: str) -> Iterator[None]:
    """What the server refuses while a chat is being opened, as a sentence. Raises ``Unusable``."""
    try:
        yield
    except errors.FAMILY as error:
        raise Unusable(f"PostgreSQL at {where(url)} cannot be used: {errors.sentence(error)}.") from error


def where(url: str) -> str:
    """Server and database, without the name and the password."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


async def _refuse_pooled(url: str) -> None:
    """Locks, settings and what is listened to belong to a session: where two share one, they are anybody's."""
    async with AsyncExitStack() as stack:
        sessions = set()
        for _ in range(2):
            # Without names for statements, which the other would have given too.
            connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, statement_cache_size=0)
            stack.push_async_callback(connection.close)
            sessions.add(await connection.fetchval("SELECT pg_backend_pid()"))
    if len(sessions) < 2:
        raise Unusable(f"{where(url)} is a pooler that shares connections to PostgreSQL. {SESSIONS}")


async def _prepare(url: str, *, is_new: bool) -> list[str]:
    await _refuse_pooled(url)
    connections = engine(url, Asked("full", is_patient=True, name="chatapp start"), 1)
    try:
        async with connections.connect() as connection:
            version, encoding = (await connection.execute(SERVER)).one()
            if version < OLDEST:
                raise Unusable(f"PostgreSQL at {where(url)} is version {version}; {OLDEST} or later is needed.")
            if encoding != "UTF8":
                raise Unusable(f"PostgreSQL at {where(url)} keeps text as {encoding}. Make the database {MADE}.")
            tables = list((await connection.execute(TABLES)).scalars()) if is_new else []
            if tables and "alembic_version" not in tables:
                raise Unusable(f"PostgreSQL at {where(url)} holds something else: {', '.join(tables)}. {EMPTY}")
            # Of the connection, not of a transaction: each step has its own. It goes with the connection.
            await connection.execute(sa.select(sa.func.pg_advisory_lock(LOCK)))
            await connection.commit()
            return await connection.run_sync(_bring_up)
    finally:
        await connections.dispose()


def _bring_up(connection: sa.Connection) -> list[str]:
    applied = migrate.bring_up(connection, lambda _first: _take_over(connection))
    # Also that of a newer version which has failed, now that an older one starts.
    connection.execute(sa.delete(tables.meta).where(tables.meta.c.key == COMING))
    connection.commit()
    return applied


def _take_over(connection: sa.Connection) -> None:
    """From here on no process of an older version reads or writes: each connection is ended, and opening another says
    to it that it is outdated. What it had begun was not answered, and is sent again to the new one.
    """
    connection.execute(meta.PUT, {"key": COMING, "value": migrate.revisions()[-1]})
    connection.commit()
    # In this order: who connects after the commit reads it, and who had connected before is ended.
    connection.execute(OTHERS)
    # Until the last of them is gone. Of the connection, as above.
    connection.execute(sa.select(sa.func.pg_advisory_lock(WRITING)))
    connection.commit()


async def which(tx: Transaction) -> str:
    """Of the server, the line of its history, the database and its tables."""
    row = await tx.one(WHICH)
    return str(row[0]) if row else ""


async def epoch(database: Database) -> str:
    """The name of this life of the database: a new one where it was restored, or another server took over."""
    async with database.transaction() as tx:
        if await meta.value(tx, COPYING) is not None:
            raise Unusable(UNFINISHED)
        identity = await which(tx)
        known, found = await meta.value(tx, IDENTITY), await meta.value(tx, EPOCH)
        if found is not None and known == identity:
            return found
        found = secrets.token_hex(8)
        await meta.put(tx, EPOCH, found)
        await meta.put(tx, IDENTITY, identity)
        if known is not None:
            log.warning("epoch.new", detail="This database is not the one that was here last.")
            await audit_log.note(tx, None, "database.restored")
        return found
