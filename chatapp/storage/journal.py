"""The single way into every room's log: one writer, group commit, then answers, then news."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

from chatapp.core.errors import ChatError, Internal, Unavailable
from chatapp.core.language import N_
from chatapp.core.models import Message
from chatapp.storage.batch import Batch, Change, Result
from chatapp.storage.database import Contended, Damaged, Database, Writer
from chatapp.storage.mark import Mark
from chatapp.storage.portions import in_portions
from chatapp.storage.tail import Tails

BATCH: Final = 1000
WAITING: Final = 20_000
LOST: Final = N_("The database is damaged where this belongs. Nothing was stored.")

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

    async def _commit_fairly(self, waiting: Sequence[Waiting], *, is_again: bool = False) -> None:
        try:
            await self._commit(waiting)
            return
        except Contended as error:
            trouble: ChatError = error
        except Damaged as error:
            log.error("journal.batch_failed", changes=len(waiting), error=error.message)
            trouble = Unavailable(LOST)
        except ChatError as error:
            _refuse(waiting, error)
            return
        except Exception as error:
            log.exception("journal.batch_failed", changes=len(waiting), error=str(error))
            trouble = Internal()
        if len(waiting) == 1 and (is_again or not isinstance(trouble, Contended)):
            _refuse(waiting, trouble)
            return
        # One poisonous change must not take its neighbours down.
        for item in waiting:
            await self._commit_fairly([item], is_again=True)

    async def _commit(self, waiting: Sequence[Waiting]) -> None:
        batch = Batch([change for change, _ in waiting])

        async def store(writer: Writer) -> None:
            await batch.store(writer)
            writer.witness = batch.witness if batch.stored else None
            writer.after_commit(lambda: self._stored(waiting, batch))

        await self._database.batch(store)

    def _stored(self, waiting: Sequence[Waiting], batch: Batch) -> None:
        if self._mark is not None and batch.stored:
            # Before anybody hears of the numbers.
            self._mark.advance(sum(map(len, batch.stored.values())))
        futures = [future for _, future in waiting]
        in_portions([*zip(futures, batch.results, strict=True)], _resolve)
        for room_id, changes in batch.stored.items():
            self._tell(room_id, changes)

    def _tell(self, room_id: int, changes: Sequence[Message]) -> None:
        try:
            self._tails.apply(room_id, changes)
            self._announce(room_id, changes)
        except Exception:
            # Already on disk: were this to count as a failed batch, all of it would be stored a second time.
            log.exception("journal.announcement_failed", room=room_id)


def _resolve(answered: tuple[asyncio.Future[Message], Result]) -> None:
    future, result = answered
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
