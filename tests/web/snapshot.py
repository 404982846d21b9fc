"""What stands in the database, to be compared before and after."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

# Noted for every request that carries a credential, also for one that only looks.
NOTED: Final = frozenset({"seen_at", "last_used_at"})


def snapshot(path: Path) -> dict[str, list[Any]]:
    """The rows of every table, without the times somebody was last seen."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: _rows(connection, table) for table in tables}


def _rows(connection: sqlite3.Connection, table: str) -> list[Any]:
    found = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name from the schema
    return sorted(repr([(name, row[name]) for name in row.keys() if name not in NOTED]) for row in found)  # noqa: SIM118
