"""What stands in the database, to be compared before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tests.support.engine import Connection, behind_its_back, columns, tables

# Noted for every request that carries a credential, also for one that only looks.
NOTED: Final = frozenset({"seen_at", "last_used_at"})


def snapshot(path: Path) -> dict[str, list[Any]]:
    """The rows of every table, without the times somebody was last seen.

    On PostgreSQL the index of messages has tables beside them, which follow by themselves.
    """
    with behind_its_back(path) as connection:
        return {table: _rows(connection, table) for table in tables(connection) if not table.startswith("search_")}


def _rows(connection: Connection, table: str) -> list[Any]:
    wanted = ", ".join(f'"{name}"' for name in columns(connection, table) if name not in NOTED)
    return sorted(map(repr, connection.execute(f'SELECT {wanted} FROM "{table}"').fetchall()))  # noqa: S608 - of the schema
