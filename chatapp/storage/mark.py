"""How far the log has come, noted beside the database: an older copy put in its place is known by it."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import structlog

from chatapp.storage import audit_log, meta
from chatapp.storage.sqlite import SqliteDatabase
from chatapp.storage.tables import rooms

FILE: Final = "chatapp.mark"
EPOCH: Final = "epoch"
# In the database: that it has had a mark, which an older version did not write.
MARKED: Final = "marked"
# No epoch is called that.
RETIRED: Final = "retired"

log = structlog.get_logger()


class Mark:
    """The epoch, and how many changes of all rooms together were given out in it."""

    def __init__(self, path: Path, epoch: str, changes: int) -> None:
        """Written to the disk before anything is given out."""
        self.epoch = epoch
        self._changes = changes
        self._has_failed = False
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._write()
        os.fsync(self._file)

    def advance(self, count: int) -> None:
        """So many more changes are on disk. Never fails: what is stored is stored.

        Not synced: a killed process leaves it as it was written, and a power cut can only leave an older one.
        """
        self._changes += count
        try:
            self._write()
        except OSError as error:
            if not self._has_failed:
                log.error("mark.not_written", error=str(error))
            self._has_failed = True

    def close(self) -> None:
        os.close(self._file)

    def _write(self) -> None:
        # Always as long as the last time: written over in place, and whole at every moment.
        os.pwrite(self._file, f"{self.epoch:32} {self._changes:020}\n".encode(), 0)


@asynccontextmanager
async def marked(database: SqliteDatabase) -> AsyncIterator[Mark]:
    """The mark of an opened database: with its epoch, or a new one when the file is not the one that was marked."""
    path = database.path.with_name(FILE)
    async with database.transaction() as tx:
        row = await tx.one(sa.select(sa.func.coalesce(sa.func.sum(rooms.c.last_version), 0)))
        changes = int(row[0]) if row else 0
        epoch = await meta.value(tx, EPOCH)
        must_be_there = await meta.value(tx, MARKED) is not None
        noted = _read(path)
        if epoch is not None and not _continues(noted, epoch, changes, must_be_there=must_be_there):
            _say(noted, epoch, changes)
            epoch = None
        if epoch is None:
            epoch = secrets.token_hex(8)
            await meta.put(tx, EPOCH, epoch)
            if must_be_there:
                await audit_log.note(tx, None, "database.restored")
        await meta.put(tx, MARKED, "yes")
        mark = Mark(path, epoch, changes)
    try:
        yield mark
    finally:
        mark.close()


def _continues(noted: tuple[str, int] | None, epoch: str, changes: int, *, must_be_there: bool) -> bool:
    """Whether every number that was given out under this epoch is in the database."""
    if noted is None:
        return not must_be_there
    return noted[0] == epoch and noted[1] <= changes


def _say(noted: tuple[str, int] | None, epoch: str, changes: int) -> None:
    detail, more = "This database is not the one that was here last.", {}
    if noted is not None and noted[0] == epoch:
        detail, more = "Changes that were answered are missing in this database.", {"missing": noted[1] - changes}
    log.warning("epoch.new", detail=detail, changes=changes, **more)


def retire(path: Path) -> None:
    """Whatever is put beside the mark from now on begins a new epoch."""
    mark = Mark(path.with_name(FILE), RETIRED, 0)
    mark.close()


def _read(path: Path) -> tuple[str, int] | None:
    try:
        epoch, changes = path.read_text().split()
        return epoch, int(changes)
    except (OSError, ValueError):
        return None
