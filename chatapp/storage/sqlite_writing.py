"""What a batch of the journal does inside its transaction on a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiosqlite

from chatapp.storage.database import Writer
from chatapp.storage.statement import Listed, Many, Statement


class SqliteWriter(Writer):
    """On the writer's own connection."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        super().__init__()
        self._connection = connection

    async def rows(self, statement: Statement, **named: Any) -> Sequence[Sequence[Any]]:
        compiled = statement.sqlite
        return list(await self._connection.execute_fetchall(compiled.sql, compiled.values(**named)))

    async def listed(self, question: Listed, keys: Sequence[tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
        if not keys:
            return []
        values = [value for key in keys for value in key]
        return list(await self._connection.execute_fetchall(question.sqlite(len(keys)), values))

    async def many(self, change: Many, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            await self._connection.executemany(change.sqlite, rows)
