"""The ``-wal`` file and its index, which belong to an open database: answered messages live there for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiosqlite
import structlog

from chatapp.core.errors import Unavailable
from chatapp.storage.health import BUSY_MS, GONE, IMPATIENT_MS, RETRY_SECONDS, Health, Identity, identity

WATCH_SECONDS: Final = 1.0

log = structlog.get_logger()


class Wal:
    """Taken away, it lives on in the descriptors of who has it open. Everybody else, the next start too, lacks it.

    ``writer`` gives the connection that writes; ``close`` closes every connection, ``connect`` opens new ones.
    """

    def __init__(
        self,
        path: Path,
        health: Health,
        writer: Callable[[], Awaitable[aiosqlite.Connection]],
        close: Callable[[], Awaitable[None]],
        connect: Callable[[], Awaitable[None]],
    ) -> None:
        self.is_lost = False
        self._path = Path(f"{path}-wal")
        self._index = Path(f"{path}-shm")
        self._health = health
        self._writer = writer
        self._close = close
        self._connect = connect
        self._files: tuple[Identity | None, ...] | None = None

    def opened(self) -> None:
        """The database has just been opened: these files are the ones in use."""
        self._health.opened()
        self._files = self._found()

    async def keep(self, *, tries_again: bool = False) -> None:
        """Where they were taken away: bring home what is in them, and go on with new ones. Hold the write lock.

        Raises ``Unavailable`` when that fails, or has failed before and this is not the time to try again.
        """
        self._health.check()
        if self._files is None or self._found() == self._files:
            return
        if self.is_lost and not tries_again:
            raise Unavailable(GONE, retry_after=RETRY_SECONDS)
        if not self.is_lost:
            log.error("database.gone", path=str(self._path))
        self.is_lost = True
        try:
            await self._rescue()
        except Exception as error:  # whatever it is: what is written now would be lost
            raise Unavailable(GONE, retry_after=RETRY_SECONDS) from error
        self.is_lost = False
        log.error("database.back", path=str(self._path), detail="What it held was saved into the database.")

    @asynccontextmanager
    async def watched(self, lock: asyncio.Lock) -> AsyncIterator[None]:
        """Look every second, until the block ends: where nobody writes, nobody else would notice."""
        watching = asyncio.create_task(self._watch(lock), name="watch the log")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _watch(self, lock: asyncio.Lock) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with suppress(Unavailable):
                async with lock:
                    await self.keep(tries_again=True)

    async def _rescue(self) -> None:
        writer = await self._writer()
        await writer.execute(f"PRAGMA busy_timeout={IMPATIENT_MS}")
        try:
            # To nothing: were the file put back, it must not be taken for news.
            ((is_busy, *_),) = await writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await writer.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        if is_busy:
            raise TimeoutError
        async with self._health.alone():
            # All of them: one that stays open would share its index of the old log with the new ones.
            await self._close()
            await self._connect()

    def _found(self) -> tuple[Identity | None, ...]:
        return identity(self._path), identity(self._index)
