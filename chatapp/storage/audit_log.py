"""The audit log as rows: appended in the transaction of the act, never changed, dropped from its old end only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from chatapp.core.audit_log import Action, Draft, Entry, Mark, Wanted, digest, draft, sealed
from chatapp.core.models import Person
from chatapp.storage import meta as metas
from chatapp.storage.database import Database, Reader, Source, Transaction, Writer
from chatapp.storage.statement import Statement, inserting
from chatapp.storage.tables import audit_log, meta

# Where the log ends, so that a missing end is seen as well; and the last entry that was dropped for its age.
TOP: Final = "audit_log.top"
ANCHOR: Final = "audit_log.anchor"
# How long a command waits for the server to be between two writes.
NOTING_SECONDS: Final = 5.0
KEYS: Final = "audit_log.keys"

_names: Final = Entry.__struct_fields__
_columns: Final = tuple(audit_log.c[name] for name in _names)
# Kept from others until the end: an entry follows the one that is the last when it is written.
_value = sa.select(meta.c.value).where(meta.c.key == sa.bindparam("key")).with_for_update()
VALUE: Final = Statement(_value)
PUT: Final = Statement(metas.PUT)
INSERT: Final = inserting(audit_log)


async def note(tx: Transaction, actor: Person | None, action: Action, target: str = "", **detail: Any) -> None:
    """Log what this transaction does: both are on disk, or neither is. Never hand in a secret."""
    entry = sealed(draft(tx.at, actor, action, target, **detail), await _mark(tx, TOP))
    await tx.execute(sa.insert(audit_log).values(msgspec.structs.asdict(entry)))
    await metas.put(tx, TOP, _after(entry))


async def append(writer: Writer, drafts: Sequence[Draft]) -> None:
    """As :func:`note`, inside a transaction of the journal."""
    for each in drafts:
        rows = await writer.rows(VALUE, key=TOP)
        entry = sealed(each, Mark.read(rows[0][0]) if rows else Mark())
        await writer.many(INSERT, [msgspec.structs.astuple(entry)])
        await writer.rows(PUT, key=TOP, value=_after(entry))


async def note_new_keys(database: Database, fingerprint: str) -> bool:
    """Log that the keys of the installation are others than at the last start, whoever changed the file; whether
    they are."""
    async with database.transaction() as tx:
        known = await metas.value(tx, KEYS)
        if known != fingerprint:
            await metas.put(tx, KEYS, fingerprint)
        are_others = known is not None and known != fingerprint
        if are_others:
            await note(tx, None, "secrets.changed")
    return are_others


def note_beside(path: Path, new: Draft) -> None:
    """As :func:`note`, for a command that runs beside the server. Blocks. Raises ``sqlite3.Error``."""
    with closing(sqlite3.connect(path, NOTING_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute(VALUE.sqlite.sql, VALUE.sqlite.values(key=TOP)).fetchone()
        entry = sealed(new, Mark.read(row[0]) if row else Mark())
        connection.execute(INSERT.sqlite, msgspec.structs.astuple(entry))
        connection.execute(PUT.sqlite.sql, PUT.sqlite.values(key=TOP, value=_after(entry)))
        connection.execute("COMMIT")


async def drop_before(tx: Transaction, moment: int) -> None:
    """Drop the old end of the log, up to the first entry that is not older than ``moment``."""
    first = await tx.one(sa.select(sa.func.min(audit_log.c.id)).where(audit_log.c.at >= moment))
    last = first[0] - 1 if first and first[0] else (await _mark(tx, TOP)).id
    row = await tx.one(sa.select(audit_log.c.hash).where(audit_log.c.id == last))
    if row is not None:
        await metas.put(tx, ANCHOR, str(Mark(last, row[0])))
        await tx.execute(sa.delete(audit_log).where(audit_log.c.id <= last))


def broken(source: Source) -> list[str]:
    """What is wrong with the chain, in sentences; empty when nothing was changed, taken out or put in."""
    marks = dict(source.execute("SELECT key, value FROM meta WHERE key IN (?, ?)", (ANCHOR, TOP)))
    expected, top = (Mark.read(marks[name]) if name in marks else Mark() for name in (ANCHOR, TOP))
    wrong = []
    for row in source.execute(f"SELECT {', '.join(_names)} FROM audit_log ORDER BY id"):  # noqa: S608 - our own names
        entry = Entry(*row)
        if (entry.id, entry.previous) != (expected.id + 1, expected.hash):
            wrong.append(f"The audit log: entry {entry.id} does not follow entry {expected.id}.")
        if entry.hash != digest(entry):
            wrong.append(f"The audit log: entry {entry.id} was changed.")
        expected = Mark(entry.id, entry.hash)
    if expected != top:
        wrong.append(f"The audit log: it ends with entry {expected.id}, but entry {top.id} was written.")
    return wrong


async def newest(db: Reader, wanted: Wanted, limit: int) -> list[Entry]:
    """Newest first."""
    statement = sa.select(*_columns).where(*_conditions(wanted)).order_by(audit_log.c.id.desc()).limit(limit)
    return [Entry(*row) for row in await db.all(statement)]


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    log, found = audit_log.c, []
    if wanted.who:
        found.append(sa.or_(log.actor == wanted.who, log.target == wanted.who))
    if wanted.action:
        found.append(log.action == wanted.action)
    if wanted.since is not None:
        found.append(log.at >= wanted.since)
    if wanted.until is not None:
        found.append(log.at < wanted.until)
    if wanted.before is not None:
        found.append(log.id < wanted.before)
    return found


async def _mark(tx: Transaction, name: str) -> Mark:
    row = await tx.one(_value.params(key=name))
    return Mark.read(row[0]) if row else Mark()


def _after(entry: Entry) -> str:
    return str(Mark(entry.id, entry.hash))
