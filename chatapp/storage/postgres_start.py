"""Before a database on a PostgreSQL server is opened: can it be used, is its schema ours, which life of it is this."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog

from chatapp.storage import audit_log, meta, migrate
from chatapp.storage import postgres_errors as errors
from chatapp.storage.database import Database, Transaction
from chatapp.storage.postgres_engine import WHICH, Asked, engine
from chatapp.storage.usable import Unusable

EPOCH: Final = "epoch"
# In the database: of which server, line of its history, database and table the epoch is.
IDENTITY: Final = "identity"
# In the database: which copy of a file is being made in it, by its id.
COPYING: Final = "copying"
OLDEST: Final = 13
EMPTY: Final = "Nothing was changed. Name an empty database."
# Next to that of postgres.py.
LOCK: Final = sa.bindparam("lock", 0x63686175, sa.BigInteger)
VERSION: Final = sa.text("SELECT CAST(current_setting('server_version_num') AS integer) / 10000")
TABLES: Final = sa.text("SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
log = structlog.get_logger()


def prepare(url: str, *, is_new: bool = False) -> list[str]:
    """Bring the database to this version's schema; the revisions applied. Of several that start one does it.

    ``is_new``: what somebody else keeps there is refused. Blocking: run it in a thread.
    Raises :class:`chatapp.storage.usable.Unusable`, or ``migrate.TooNew``.
    """
    try:
        return asyncio.run(_prepare(url, is_new=is_new))
    except errors.FAMILY as error:
        raise Unusable(f"PostgreSQL at {where(url)} cannot be used: {errors.sentence(error)}.") from error


def where(url: str) -> str:
    """Server and database, without the name and the password."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


async def _prepare(url: str, *, is_new: bool) -> list[str]:
    connections = engine(url, Asked("full", is_patient=True), 1)
    try:
        async with connections.connect() as connection:
            version = (await connection.execute(VERSION)).scalar_one()
            if version < OLDEST:
                raise Unusable(f"PostgreSQL at {where(url)} is version {version}; {OLDEST} or later is needed.")
            tables = list((await connection.execute(TABLES)).scalars()) if is_new else []
            if tables and "alembic_version" not in tables:
                raise Unusable(f"PostgreSQL at {where(url)} holds something else: {', '.join(tables)}. {EMPTY}")
            # Of the connection, not of a transaction: each step has its own. It goes with the connection.
            await connection.execute(sa.select(sa.func.pg_advisory_lock(LOCK)))
            await connection.commit()
            return await connection.run_sync(lambda sync: migrate.bring_up(sync, lambda _first: None))
    finally:
        await connections.dispose()


async def which(tx: Transaction) -> str:
    """Of the server, the line of its history, the database and its tables."""
    row = await tx.one(WHICH)
    return str(row[0]) if row else ""


async def epoch(database: Database) -> str:
    """The name of this life of the database: a new one where it was restored, or another server took over."""
    async with database.transaction() as tx:
        if await meta.value(tx, COPYING) is not None:
            raise Unusable("A copy into this database has not come to its end. Go on with: chatapp copy")
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
