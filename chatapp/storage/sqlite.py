"""One SQLite file: a single writer, a few read-only connections, and a lock against a second process."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite
import sqlalchemy as sa
import structlog

from chatapp.core.clock import Clock, system_clock
from chatapp.core.errors import Unavailable
from chatapp.core.language import N_
from chatapp.storage.database import Damaged, Database, Durability, Row, Transaction, Work, Writer
from chatapp.storage.engine import AsyncConnection
from chatapp.storage.health import BUSY_MS, RETRY_SECONDS, Health, is_damage, is_the_disk
from chatapp.storage.questions import Questions, reader
from chatapp.storage.sqlite_engine import driver_of, engine
from chatapp.storage.sqlite_writing import Batches
from chatapp.storage.statement import Statement
from chatapp.storage.tables import meta
from chatapp.storage.wal import Wal
from chatapp.storage.whole import whole

PROBE: Final = "probe"
UNDECODABLE: Final = "Could not decode to UTF-8"
NOT_STORED: Final = N_("This could not be stored right now. Please try again.")

T = TypeVar("T")

log = structlog.get_logger()


class AlreadyRunning(Exception):
    """Another process holds this data folder."""


class SqliteDatabase(Database):
    """Opened by :func:`open_database`. Raises ``Unavailable`` when the disk or the lock refuses."""

    def __init__(self, path: Path, durability: Durability, clock: Clock) -> None:
        super().__init__(path.parent, clock)
        self.path = path
        self.health = Health(path)
        self.wal = Wal(path, self.health, self._drive, self.close, self._connect)
        self._batches = Batches()
        self._write_engine = engine(path, durability, factory=self._batches.connect)
        self._read_engine = engine(path, durability)
        self._writer: AsyncConnection | None = None
        self._patience_ms = BUSY_MS
        self._questions: Questions | None = None

    async def one(self, statement: sa.Executable) -> Row | None:
        async with self._reading() as connection:
            return (await connection.execute(statement)).first()

    async def all(self, statement: sa.Executable) -> Sequence[Row]:
        async with self._reading() as connection:
            return (await connection.execute(statement)).all()

    @asynccontextmanager
    async def transaction(self, *, alone: bool = True) -> AsyncIterator[Transaction]:
        async with self.write_lock:
            await self.wal.keep()
            with self.health.guarded():
                writer = await self._patient(await self._writing())
                work = await writer.begin()
            transaction = Transaction(writer, self.clock())
            try:
                with self.health.guarded():
                    yield transaction
            except BaseException:
                await whole(self._roll_back(work))
                raise
            # Inside the lock, so that announcements keep the order of commits.
            await whole(self._commit(work, transaction))

    async def _commit(self, work: Any, transaction: Transaction) -> None:
        try:
            with self.health.guarded():
                await work.commit()
        except BaseException:
            # It may still be open, and the SQL layer rolls back no commit that failed.
            await self.reopen_writer()
            raise
        self.health.took_it()
        transaction.announce()

    async def batch(self, work: Work[T]) -> T:
        return await asyncio.shield(self._batch(work))

    async def _batch(self, work: Work[T]) -> T:
        async with self.write_lock:
            try:
                answer, writer = await self._written(work)
            except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
                if not is_the_disk(error):
                    raise
                self.health.note(error)
                await self.reopen_writer()
                # A damaged page is met by some changes only: the others of the batch are tried without them.
                if is_damage(error):
                    raise Damaged(str(error)) from error
                log.error("journal.disk_refused", error=str(error))
                raise Unavailable(NOT_STORED, retry_after=RETRY_SECONDS) from error
            # Still inside the lock: news leaves in the order of commits.
            writer.announce()
        return answer

    async def _written(self, work: Work[T]) -> tuple[T, Writer]:
        await self.wal.keep()
        await self._patient(await self._writing())
        try:
            written = await self._batches.run(work)
        except BaseException:
            if self._batches.is_open:
                await self.reopen_writer()
            raise
        self.health.took_it()
        return written

    async def hot(self, statement: Statement, **named: Any) -> list[Any]:
        sql, values = statement.sqlite.sql, statement.sqlite.values(**named)
        with self.health.guarded():
            assert self._questions is not None  # noqa: S101 - narrows a type
            try:
                return await self._questions.ask(sql, values)
            except sqlite3.OperationalError as error:
                if UNDECODABLE not in str(error):
                    raise
        # Text with a byte that the disk altered: the others read leniently, at a price nobody pays who is well.
        async with self._reading() as connection:
            return list(await (await driver_of(connection)).execute_fetchall(sql, values))

    async def is_well(self) -> bool:
        try:
            await self.one(sa.select(meta.c.key).limit(1))
            if self.health.has_refused:
                async with self.transaction() as tx:
                    # A page is written only where something changes; afterwards nothing has.
                    await tx.execute(sa.insert(meta).values(key=PROBE, value=""))
                    await tx.execute(sa.delete(meta).where(meta.c.key == PROBE))
        except Unavailable:
            return False
        return not (self.health.is_damaged or self.wal.is_lost)

    async def open(self) -> None:
        with self.health.guarded():
            await self._connect()

    async def close(self) -> None:
        # aiosqlite's threads are no daemons: one left open would keep the process alive for ever.
        questions, self._questions = self._questions, None
        if questions is not None:
            questions.close()
        self._batches.close()
        await self._read_engine.dispose()
        # The writer last: only it brings home what is in the -wal file, which the next database here would be given.
        writer, self._writer, self._patience_ms = self._writer, None, BUSY_MS
        if writer is not None:
            await writer.close()
        await self._write_engine.dispose()

    async def reopen_writer(self) -> None:
        """After a failed fsync the connection's view of the file is not to be trusted."""
        writer, self._writer, self._patience_ms = self._writer, None, BUSY_MS
        if writer is not None:
            await writer.invalidate()
            await writer.close()

    async def _connect(self) -> None:
        await self._writing()
        self._questions = Questions(reader(self.path))
        # Only now SQLite makes the files beside it.
        await self._questions.ask("SELECT 1 FROM sqlite_master", ())
        self.wal.opened()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with self.health.guarded():
            async with self._read_engine.connect() as connection:
                yield connection

    async def _writing(self) -> AsyncConnection:
        if self._writer is None:
            self._writer = await self._write_engine.connect()
        return self._writer

    async def _drive(self) -> aiosqlite.Connection:
        return await driver_of(await self._patient(await self._writing()))

    async def _patient(self, writer: AsyncConnection) -> AsyncConnection:
        if self._patience_ms != self.health.patience_ms:
            self._patience_ms = self.health.patience_ms
            await (await driver_of(writer)).execute(f"PRAGMA busy_timeout={self._patience_ms}")
        return writer

    async def _roll_back(self, work: Any) -> None:
        try:
            await work.rollback()
        except sa.exc.DBAPIError:
            await self.reopen_writer()


@asynccontextmanager
async def open_database(
    path: Path, *, durability: Durability = "full", clock: Clock = system_clock
) -> AsyncIterator[SqliteDatabase]:
    """Open a migrated database file; the caller holds :func:`locked` on its folder."""
    database = SqliteDatabase(path, durability, clock)
    try:
        await database.open()
        async with database.wal.watched(database.write_lock):
            yield database
    finally:
        # Who was cancelled may have left a batch under way.
        async with database.write_lock:
            await database.close()


@asynccontextmanager
async def beside(path: Path) -> AsyncIterator[SqliteDatabase]:
    """To read, while another process may write. Nothing of what is on the disk changes."""
    database = SqliteDatabase(path, "full", system_clock)
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process; raise :class:`AlreadyRunning` when another one does."""
    with (folder / "chatapp.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise AlreadyRunning(
                f"Another chatapp (process {file.read().strip() or 'unknown'}) is using {folder}. "
                "One process owns a SQLite file: stop it first, or use another CHATAPP_DATA."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
