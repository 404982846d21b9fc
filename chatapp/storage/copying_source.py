"""The database file that is copied: its tables in an order that their references allow, read in slices."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.models import MOST_IN_A_ROOM
from chatapp.storage.checksum import of_row
from chatapp.storage.statement import Statement
from chatapp.storage.tables import messages, meta, metadata, people, rooms

# Of these a few are in memory, and are lost with an interrupted copy, at most.
SLICE: Final = 1000
INT32: Final = 2**31
LEFT_OUT: Final = {"alembic_version": "made by the migrations, which bring both sides to one schema"}
"""Tables of a file that are not copied, and why."""
OWN_KEYS: Final = ("copied", "epoch", "marked")
"""Keys of ``meta`` that are about the file."""
TABLES: Final = tuple(metadata.sorted_tables)
_stays = sa.and_(*(meta.c.key != key for key in OWN_KEYS))

Row = tuple[Any, ...]
Key = tuple[Any, ...]


class NotCopied(Exception):
    """It cannot be done, or not yet; the sentence says why and what to do. The source is what it was."""


def of_table(table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """What is copied of a table."""
    asked = sa.select(*columns).select_from(table)
    return asked.where(_stays) if table is meta else asked


def _after(table: sa.Table, key: Key | None, *, is_counted: bool = False) -> Statement:
    columns = tuple(table.primary_key)
    asked = of_table(table, *((sa.func.count(),) if is_counted else table.c))
    if key is not None:
        asked = asked.where(sa.tuple_(*columns) > sa.tuple_(*key))
    return Statement(asked if is_counted else asked.order_by(*columns))


class Source:
    """An open file that nobody writes to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: Statement) -> sqlite3.Cursor:
        return self._connection.execute(statement.sqlite.sql, statement.sqlite.values())

    def left(self, table: sa.Table, after: Key | None = None) -> int:
        """How many rows come after that key, or are there at all."""
        return int(self.rows(_after(table, after, is_counted=True)).fetchone()[0])

    def given(self, table: sa.Table) -> int:
        """The last id that was given out, also where its row is gone; 0 where the file does not note it."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).fetchone()
        return int(row[0]) if row else 0

    def slices(self, table: sa.Table, after: Key | None) -> Iterator[list[Row]]:
        """The rows behind that key, in the order of their keys."""
        cursor = self.rows(_after(table, after))
        while found := cursor.fetchmany(SLICE):
            yield found


class Mending:
    """Damaged messages, as rows that PostgreSQL can hold: as damaged there, and nobody else's."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.slugs: dict[int, str] = {}
        self._tops: dict[int, int] = {}
        for ident, slug, top in source.rows(Statement(sa.select(rooms.c.id, rooms.c.slug, rooms.c.last_version))):
            self.slugs[ident], self._tops[ident] = slug, top
        self._people = {row[0] for row in source.rows(Statement(sa.select(people.c.id)))}

    def name(self, row: Row) -> str:
        """Which message: room and index, by the id, which is where the row is."""
        room_id, index = row[0] >> 32, row[0] & MOST_IN_A_ROOM
        return f"message {index} of room {self.slugs.get(room_id, room_id)}"

    def mended(self, row: Row) -> Row:
        """The same row where it has the right form. Its key of the sender's is left out, since it may be another's."""
        kept = [value if fits(value, column) else _empty(column) for value, column in zip(row, messages.c, strict=True)]
        named = dict(zip(messages.c.keys(), kept, strict=True))
        room_id, index = row[0] >> 32, row[0] & MOST_IN_A_ROOM
        author = named["author_id"] if named["author_id"] in self._people else min(self._people)
        place = {"room_id": room_id, "index": index, "author_id": author, "client_id": None}
        # No sound message has a negative one, and none will.
        version = named["version"] if self._is_free(row[0], room_id, named["version"]) else -index
        return tuple({**named, **place, "version": version}.values())

    def _is_free(self, ident: int, room_id: int, version: Any) -> bool:
        other = sa.select(messages.c.id).where(
            messages.c.room_id == room_id, messages.c.version == version, messages.c.id != ident
        )
        return 0 < version <= self._tops.get(room_id, 0) and self._source.rows(Statement(other)).fetchone() is None


def is_whole(row: Row) -> bool:
    """Whether a row of messages is what was stored."""
    return bool(of_row(row[:-1]) == row[-1])


def fits(value: object, column: sa.Column[Any]) -> bool:
    """Whether PostgreSQL can hold it there."""
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, sa.Text):
        return isinstance(value, str) and "\0" not in value
    if isinstance(column.type, sa.Boolean):
        return value in (0, 1)
    most = 2**63 if isinstance(column.type, sa.BigInteger) else INT32
    return isinstance(value, int) and -most <= value < most


def misfit(table: sa.Table, found: Sequence[Row]) -> str:
    """The first value that PostgreSQL cannot hold, by its place; empty where there is none."""
    for row in found:
        for value, column in zip(row, table.c, strict=True):
            if not fits(value, column):
                key = ", ".join(str(row[table.c.keys().index(each.name)]) for each in table.primary_key)
                return f"{table.name} {key}: its {column.name} is nothing that PostgreSQL can hold"
    return ""


def _empty(column: sa.Column[Any]) -> object:
    if column.nullable:
        return None
    return "" if isinstance(column.type, sa.Text) else 0
