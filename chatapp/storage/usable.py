"""Whether a start may go on with the database that is there: if not, a sentence that says what to do, and no change."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from chatapp.storage import migrate
from chatapp.storage.full import refuse_full
from chatapp.storage.integrity import open_to_read
from chatapp.storage.mark import FILE

RESTORE: Final = "Nothing was changed. Put a backup in its place: chatapp restore FOLDER"


class Unusable(Exception):
    """The file is not one to go on with."""


def prepare(path: Path) -> list[str]:
    """Look at the file, then bring it to this version's schema; the revisions applied. Blocking.

    Raises :class:`Unusable`, :class:`chatapp.storage.migrate.TooNew`, or ``OSError`` when the disk is full.
    """
    refuse_unusable(path)
    try:
        return migrate.upgrade(path)
    except sa.exc.DatabaseError as error:
        refuse_full(error.orig, path.parent)
        raise Unusable(
            f"{path} could not be brought to this version's schema: {error.orig}. "
            "The step that failed has left nothing behind; see that there is room on the disk, and start again."
        ) from error


def refuse_unreadable(path: Path) -> None:
    """Raise :class:`Unusable` for what no chat can be read from, or none that has an audit log."""
    try:
        with closing(open_to_read(path)) as connection:
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            has_log = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit_log'").fetchone()
    except sqlite3.DatabaseError as error:
        refuse_full(error, path.parent)
        raise Unusable(f"{path} cannot be read: {error}.") from None
    if revision and not has_log:
        raise Unusable(
            f"The schema of {path} is older than the audit log: it is at revision {revision[0]}. "
            "Bring it to this version's with: chatapp migrate"
        )


def refuse_unusable(path: Path) -> None:
    """Raise :class:`Unusable` for a file that is gone, emptied, damaged, no database, or that cannot be written to.

    Blocking: it reads every page once, a second for some hundred megabytes.
    """
    has_been = path.with_name(FILE).exists()
    if not path.exists():
        if has_been:
            raise Unusable(f"{path} is gone. {RESTORE}, or delete {FILE} beside it to begin an empty chat.")
        return
    for place, name in ((path.parent, "folder"), (path, "file")):
        if not os.access(place, os.R_OK | os.W_OK):
            raise Unusable(
                f"The {name} {place} cannot be written to. Make it writable for this user, then start again."
            )
    if path.is_dir():
        raise Unusable(f"{path} is a folder, where the database file should be. {RESTORE}")
    if not path.stat().st_size:
        # A first start that was killed leaves an empty file as well, but no mark.
        if has_been:
            raise Unusable(f"{path} is empty. {RESTORE}")
        return
    wrong = _damage(path)
    if wrong:
        raise Unusable(f"{path} is damaged: {wrong}. {RESTORE}")


def _damage(path: Path) -> str:
    try:
        with closing(open_to_read(path)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            return "" if said == "ok" else str(said).splitlines()[-1]
    except sqlite3.DatabaseError as error:
        refuse_full(error, path.parent)
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CANTOPEN:
            raise Unusable(
                f"{path} cannot be opened. See that it belongs to this user, and so do {path.name}-wal and "
                f"{path.name}-shm beside it where there are such, then start again."
            ) from None
        return str(error)
