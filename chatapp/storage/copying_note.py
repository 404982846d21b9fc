"""In a database file: that it is being copied to a PostgreSQL server, or was. No server starts on it then."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from chatapp.storage import meta
from chatapp.storage.integrity import open_to_read
from chatapp.storage.mark import retire
from chatapp.storage.statement import Statement
from chatapp.storage.tables import meta as table
from chatapp.storage.usable import Unusable

KEY: Final = "copied"
PATIENCE_SECONDS: Final = 5.0
VALUE: Final = Statement(sa.select(table.c.value).where(table.c.key == sa.bindparam("key")))
PUT: Final = Statement(meta.PUT)
DROP: Final = Statement(sa.delete(table).where(table.c.key == sa.bindparam("key")))


class Note(msgspec.Struct, frozen=True):
    """``id`` is what the two sides know the copy by, ``where`` server and database, ``at`` in milliseconds."""

    id: str
    epoch: str
    where: str
    at: int
    is_whole: bool = False

    def sentence(self) -> str:
        day = time.strftime("%Y-%m-%d", time.gmtime(self.at / 1000))
        if self.is_whole:
            return (
                f"The chat in this file was copied to PostgreSQL at {self.where} on {day}: name that database in "
                "CHATAPP_DATABASE_URL. To go on with the file as it was then: chatapp copy --undo"
            )
        return (
            f"The chat in this file is being copied to PostgreSQL at {self.where}, begun on {day}: give the same "
            "command again to go on. To stay with the file: chatapp copy --undo"
        )


def read(path: Path) -> Note | None:
    """The note in the file, if there is one; None as well where the file cannot be read, which others say. Blocks."""
    if not path.exists():
        return None
    try:
        with closing(open_to_read(path)) as connection:
            row = connection.execute(VALUE.sqlite.sql, VALUE.sqlite.values(key=KEY)).fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else msgspec.json.decode(row[0], type=Note)


def refuse_copied(path: Path) -> None:
    """Raise ``Unusable`` for a file whose chat is, or soon will be, somewhere else. Blocks."""
    note = read(path)
    if note is not None:
        raise Unusable(note.sentence())


def write(path: Path, note: Note) -> None:
    """On disk when it returns. Blocks. Raises ``sqlite3.Error``."""
    _change(path, PUT, key=KEY, value=msgspec.json.encode(note).decode())
    if note.is_whole:
        # An older file of the same life, put in place by hand, must not go on with numbers that others have by now.
        retire(path)


def undo(path: Path) -> Note | None:
    """Take the note out; what it said. After a whole copy the mark makes the next start begin a new epoch. Blocks."""
    note = read(path)
    if note is not None:
        _change(path, DROP, key=KEY)
    return note


def _change(path: Path, statement: Statement, **named: str) -> None:
    with closing(sqlite3.connect(path, PATIENCE_SECONDS, isolation_level=None)) as connection:
        connection.execute(statement.sqlite.sql, statement.sqlite.values(**named))
