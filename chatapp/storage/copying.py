"""Copies a chat from its file to an empty database on a PostgreSQL server; what is interrupted can go on."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCLASS

from chatapp.core.clock import system_clock
from chatapp.core.errors import Unavailable
from chatapp.core.rooms import GENERAL
from chatapp.storage import audit_log, copying_note, postgres_audit, postgres_start, sqlite, usable
from chatapp.storage import meta as metas
from chatapp.storage import postgres_errors as errors
from chatapp.storage.copying_note import Note
from chatapp.storage.copying_source import TABLES, Key, Mending, NotCopied, Row, Source, is_whole, misfit, of_table
from chatapp.storage.database import Transaction, Writer
from chatapp.storage.findings import Report
from chatapp.storage.integrity import open_to_read
from chatapp.storage.mark import EPOCH, marked
from chatapp.storage.postgres import PostgresDatabase, open_postgres
from chatapp.storage.postgres_start import COPYING, EMPTY, IDENTITY
from chatapp.storage.statement import Many, Statement, inserting
from chatapp.storage.tables import messages, meta, rooms

GO_ON: Final = "What has been copied stays there: give the same command again to go on."
DAMAGED: Final = (
    "Go on with --damaged, which copies such messages as damaged, or stay with the file: chatapp copy --undo"
)
PUT: Final = Statement(metas.PUT)
_ours = meta.c.key.startswith(COPYING, autoescape=True)


class Outcome(msgspec.Struct, frozen=True):
    """``differences``: sentences; ``report``: the audit of the copy. Only ``is_done`` may a server start on it."""

    rows: int
    differences: list[str]
    report: Report
    is_done: bool


class Copying:
    """A copy that has begun. ``done`` of ``total`` rows were copied by an earlier run."""

    def __init__(self, path: Path, source: Source, target: PostgresDatabase, note: Note, reached: dict[str, Key]):
        self.note = note
        self.damaged = 0
        self._path, self._source, self._target = path, source, target
        self._reached = reached
        self._mending = Mending(source)
        self.total = sum(source.left(table) for table in TABLES)
        self.done = self.total - sum(source.left(table, reached.get(table.name)) for table in TABLES)

    async def rows(self, *, takes_damaged: bool) -> AsyncIterator[int]:
        """Copy; after each transaction, how many rows it brought. Raises :class:`NotCopied`."""
        for table in TABLES:
            change = inserting(table)
            places = [table.c.keys().index(column.name) for column in table.primary_key]
            for found in self._source.slices(table, self._reached.get(table.name)):
                new = self._looked_at(found, takes_damaged=takes_damaged) if table is messages else found
                reached = msgspec.json.encode([found[-1][place] for place in places]).decode()
                with _explained(table, new):
                    await self._target.batch(partial(_bring, change, new, f"{COPYING}.{table.name}", reached))
                yield len(found)

    async def check(self, url: str, *, takes_damaged: bool) -> Outcome:
        """Compare the two sides and audit the copy; when they agree, the copy is the chat from now on."""
        differences = [sentence async for sentence in self._differences()]
        report = await asyncio.to_thread(postgres_audit.audit, url)
        is_done = not differences and (report.is_sound or takes_damaged)
        if is_done:
            # Killed in between, the file is no longer used, and the database not yet: the next run finishes.
            copying_note.write(self._path, msgspec.structs.replace(self.note, is_whole=True))
            await self._finish()
        return Outcome(self.total, differences, report, is_done)

    def _looked_at(self, found: list[Row], *, takes_damaged: bool) -> list[Row]:
        wrong = [row for row in found if not is_whole(row)]
        if not wrong:
            return found
        if not takes_damaged:
            names = ", ".join(map(self._mending.name, wrong[:10]))
            raise NotCopied(f"Not what was stored: {names}{' and more' if len(wrong) > 10 else ''}. {DAMAGED}")
        self.damaged += len(wrong)
        return [row if is_whole(row) else self._mending.mended(row) for row in found]

    async def _differences(self) -> AsyncIterator[str]:
        for table in TABLES:
            asked = of_table(table, sa.func.count())
            row = await self._target.one(asked.where(~_ours) if table is meta else asked)
            here, there = self._source.left(table), row[0] if row else 0
            if here != there:
                yield f"{table.name}: {here} rows in the file, {there} in PostgreSQL."
        counters = sa.select(rooms.c.id, rooms.c.slug, rooms.c.last_index, rooms.c.last_version)
        copied = {row[0]: tuple(row) for row in await self._target.all(counters)}
        for row in self._source.rows(Statement(counters)):
            ident, slug, index, version = row
            if copied.get(ident) != row:
                yield f"Room {slug}: its last message is {index} and its last change {version}, but not in the copy."

    async def _finish(self) -> None:
        async with self._target.transaction() as tx:
            # All that was written before is on disk with this.
            await tx.execute(sa.text("SET LOCAL synchronous_commit = on"))
            for statement in self._sequences():
                await tx.one(statement)
            await tx.execute(sa.delete(meta).where(_ours))
            await metas.put(tx, EPOCH, self.note.epoch)
            await metas.put(tx, IDENTITY, await postgres_start.which(tx))
            await audit_log.note(tx, None, "database.copied", self.note.where)
            # Until the server has counted by itself, it would choose its ways as for empty tables.
            await tx.execute(sa.text("ANALYZE"))

    def _sequences(self) -> Iterator[sa.Select[Any]]:
        """That new rows get numbers behind those that were copied, and behind those of what was deleted before."""
        for table in TABLES:
            column = table.autoincrement_column
            if column is not None:
                name = sa.cast(sa.func.pg_get_serial_sequence(table.name, column.name), REGCLASS)
                last = sa.func.greatest(sa.func.max(column), self._source.given(table))
                yield sa.select(sa.func.setval(name, last + 1, sa.false()))


@asynccontextmanager
async def copying(path: Path, url: str) -> AsyncIterator[Copying]:
    """A copy of the file, whose folder the caller holds, begun or gone on with.

    Raises :class:`NotCopied`, ``Unusable`` or ``TooNew``; then nothing has changed on either side.
    """
    where = postgres_start.where(url)
    await asyncio.to_thread(usable.prepare, path)
    await asyncio.to_thread(postgres_start.prepare, url, is_new=True)
    with _refusals(where), closing(open_to_read(path)) as connection:
        async with open_postgres(url, folder=path.parent, durability="normal") as target:
            note, reached = await _begun(path, target, where)
            yield Copying(path, Source(connection), target, note, reached)


async def _begun(path: Path, target: PostgresDatabase, where: str) -> tuple[Note, dict[str, Key]]:
    note = copying_note.read(path)
    async with target.transaction() as tx:
        known = await metas.value(tx, COPYING)
        if note is not None and known == note.id:
            return note, await _reached(tx)
        if note is not None and note.is_whole:
            raise NotCopied(note.sentence())
        await _refuse_full(tx, where, known)
        # Another id than that of an earlier copy, which can be gone on with no more.
        epoch = note.epoch if note else await _epoch(path)
        note = Note(secrets.token_hex(8), epoch, where, system_clock())
        copying_note.write(path, note)
        # The one that the migrations made.
        await tx.execute(sa.delete(rooms))
        await metas.put(tx, COPYING, note.id)
    return note, {}


async def _reached(tx: Transaction) -> dict[str, Key]:
    """Per table, the key of the last row that was copied."""
    found = await tx.all(sa.select(meta.c.key, meta.c.value).where(_ours, meta.c.key != COPYING))
    return {key.partition(".")[2]: tuple(msgspec.json.decode(value)) for key, value in found}


async def _refuse_full(tx: Transaction, where: str, copied: str | None) -> None:
    """Raise for a database that holds more than the migrations put there, if only that a server was started on it."""
    if copied is not None:
        raise NotCopied(f"PostgreSQL at {where} holds an unfinished copy of another file, or one taken back. {EMPTY}")
    for table in TABLES:
        asked: sa.Select[Any] = sa.select(sa.func.count()).select_from(table)
        if table is rooms:
            asked = asked.where(sa.or_(rooms.c.slug != GENERAL, rooms.c.last_version > 0))
        row = await tx.one(asked)
        if row is None or row[0]:
            raise NotCopied(f"PostgreSQL at {where} holds a chat already. {EMPTY}")


async def _epoch(path: Path) -> str:
    async with sqlite.open_database(path) as database, marked(database) as mark:
        return mark.epoch


@contextmanager
def _refusals(where: str) -> Iterator[None]:
    """What the server says when it cannot."""
    try:
        yield
    except Unavailable as error:
        said = errors.sentence(error.__cause__ or error)
        raise NotCopied(f"PostgreSQL at {where} refused: {said}. {GO_ON}") from error


async def _bring(change: Many, new: list[Row], place: str, reached: str, writer: Writer) -> None:
    await writer.many(change, new)
    await writer.rows(PUT, key=place, value=reached)


@contextmanager
def _explained(table: sa.Table, found: list[Row]) -> Iterator[None]:
    """What of these rows cannot be there."""
    try:
        yield
    except (*errors.FAMILY, Unavailable) as error:
        cause = error.__cause__ if isinstance(error, Unavailable) and error.__cause__ else error
        if errors.is_passing(cause):
            raise
        wrong = misfit(table, found) or f"{table.name}: {errors.sentence(cause)}"
        raise NotCopied(f"{wrong}. Mend the file, or stay with it: chatapp copy --undo") from error
