"""What is done inside a transaction on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg
import sqlalchemy as sa

from chatapp.core.language import N_
from chatapp.storage.database import Contended, Row, Transaction, Writer
from chatapp.storage.engine import AsyncConnection
from chatapp.storage.postgres_engine import Unstorable, driver_of, refuse_unstorable
from chatapp.storage.statement import Listed, Many, Statement

RETRY_SECONDS: Final = 1
REFUSED: Final = N_("The database cannot do this right now. Please try again.")
# A row finds a place in a page that has some, also where no message would: files of their own need room.
PROBE: Final = (
    sa.text("CREATE TABLE probe AS SELECT repeat('x', 1000) AS filled FROM generate_series(1, 1000)"),
    sa.text("DROP TABLE probe"),
)


class PostgresWriter(Writer):
    """On the driver's own connection. Nothing is found by what cannot be stored."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        super().__init__()
        self._connection = connection

    async def rows(self, statement: Statement, **named: Any) -> Sequence[Sequence[Any]]:
        sql, values = statement.postgres.sql, statement.postgres.values(**named)
        try:
            refuse_unstorable(values)
        except Unstorable:
            if isinstance(statement.clause, sa.Select):
                return []
            raise
        return list(await self._connection.fetch(sql, *values))

    async def listed(self, question: Listed, keys: Sequence[tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
        return list(await self._connection.fetch(question.postgres, *_columns(keys))) if keys else []

    async def many(self, change: Many, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        try:
            await self._connection.execute(change.postgres, *_columns(rows))
        except asyncpg.UniqueViolationError as error:
            # The same key at the same moment in another room: whoever came second learns of it when asked again.
            raise Contended(REFUSED, retry_after=RETRY_SECONDS) from error


async def writer_on(connection: AsyncConnection) -> PostgresWriter:
    return PostgresWriter(await driver_of(connection))


class PostgresTransaction(Transaction):
    """Nothing is found by what cannot be stored."""

    async def one(self, statement: sa.Executable) -> Row | None:
        with suppress(Unstorable):
            return await super().one(statement)
        return None

    async def all(self, statement: sa.Executable) -> Sequence[Row]:
        with suppress(Unstorable):
            return await super().all(statement)
        return []


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))
