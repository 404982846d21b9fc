"""The single way into every room's log: one writer, group commit, then answers, then news."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiosqlite
import sqlalchemy as sa
import structlog

from chatapp.core.errors import ChatError, Internal, Unavailable
from chatapp.core.models import Message
from chatapp.storage.batch import Batch, Change, Result
from chatapp.storage.database import Database
from chatapp.storage.health import RETRY_SECONDS, is_damage, is_the_disk
from chatapp.storage.mark import Mark
from chatapp.storage.tail import Tails

BATCH: Final = 1000
WAITING: Final = 20_000
DAMAGED: Final = "The database is damaged where this belongs. Nothing was stored."

Announce = Callable[[int, Sequence[Message]], None]
Waiting = tuple[Change, asyncio.Future[Message]]

log = structlog.get_logger()


class Journal:
    """While one transaction commits, the next batch gathers. Nobody hears of what is not on disk."""

    def __init__(self, database: Database, tails: Tails, announce: Announce, mark: Mark | None = None) -> None:
        self._database = database
        self._mark = mark
        self._tails = tails
        self._announce = announce
        self._waiting: list[Waiting] = []
        self._wake = asyncio.Event()
        self._is_closing = False

    async def append(self, change: Change) -> Message:
        """The message as stored, once its commit is on disk.

        Raises ``NotFound``, ``Forbidden`` or ``Conflict`` for a refused change, and ``Unavailable``
        when nothing could be stored.
        """
        if self._is_closing or len(self._waiting) >= WAITING:
            raise Unavailable(retry_after=1)
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, future))
        self._wake.set()
        return await future

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write until the block ends; what was appended before that is still written."""
        task = asyncio.create_task(self._run(), name="journal")
        try:
            yield
        finally:
            self._is_closing = True
            self._wake.set()
            await task

    async def _run(self) -> None:
        while not (self._is_closing and not self._waiting):
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                await self._commit_fairly(batch)

    async def _commit_fairly(self, waiting: Sequence[Waiting]) -> None:
        try:
            await self._commit(waiting)
        except ChatError as error:
            _refuse(waiting, error)
        except Exception as error:
            is_known = is_the_disk(error)
            log.error("journal.batch_failed", changes=len(waiting), error=str(error), exc_info=not is_known)
            if len(waiting) == 1:
                return _refuse(waiting, Unavailable(DAMAGED) if is_known else Internal())
            # One poisonous change must not take its neighbours down.
            for item in waiting:
                await self._commit_fairly([item])

    async def _commit(self, waiting: Sequence[Waiting]) -> None:
        batch = Batch([change for change, _ in waiting])
        async with self._database.write_lock:
            await self._store(batch)
            if self._mark is not None and batch.stored:
                # Before anybody hears of the numbers.
                self._mark.advance(sum(map(len, batch.stored.values())))
            # Still inside the lock: news leaves in the order of commits.
            for (_, future), result in zip(waiting, batch.results, strict=True):
                _resolve(future, result)
            for room_id, changes in batch.stored.items():
                self._tell(room_id, changes)

    def _tell(self, room_id: int, changes: Sequence[Message]) -> None:
        try:
            self._tails.apply(room_id, changes)
            self._announce(room_id, changes)
        except Exception:
            # Already on disk: were this to count as a failed batch, all of it would be stored a second time.
            log.exception("journal.announcement_failed", room=room_id)

    async def _store(self, batch: Batch) -> None:
        try:
            connection = await self._database.driver()
            await connection.execute("BEGIN IMMEDIATE")
            try:
                await batch.store(connection)
                await connection.execute("COMMIT")
            except BaseException:
                await self._roll_back(connection)
                raise
            self._database.health.took_it()
        except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
            if not is_the_disk(error):
                raise
            self._database.health.note(error)
            await self._database.reopen_writer()
            # A damaged page is met by some changes only: the others of the batch are tried without them.
            if is_damage(error):
                raise
            log.error("journal.disk_refused", error=str(error))
            raise Unavailable(
                "This could not be stored right now. Please try again.", retry_after=RETRY_SECONDS
            ) from error

    async def _roll_back(self, connection: aiosqlite.Connection) -> None:
        try:
            if connection.in_transaction:
                await connection.execute("ROLLBACK")
        except sqlite3.Error:
            await self._database.reopen_writer()


def _resolve(future: asyncio.Future[Message], result: Result) -> None:
    if future.done():
        return
    if isinstance(result, ChatError):
        future.set_exception(result)
    else:
        future.set_result(result)


def _refuse(waiting: Sequence[Waiting], error: ChatError) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)
