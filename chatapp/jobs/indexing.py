"""Has new messages indexed, and at first all that were there before."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Final, Self

import structlog

from chatapp.domain.indexing import SOON, Indexing

AFTER_TROUBLE_SECONDS: Final = 5.0
# How often it is said how far an old log is indexed.
SAID_SECONDS: Final = 10.0
# People who talk come first: so many times as long as indexing took it rests, while they talk and otherwise.
REST_AMID_TALK: Final = 6
REST: Final = 1

log = structlog.get_logger(__name__)


class Indexer:
    """Runs while the context is open. What is not indexed then is at the next start."""

    def __init__(self, indexing: Indexing) -> None:
        self._indexing = indexing
        self.task: asyncio.Task[None] | None = None
        self._said_at = time.monotonic()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._run(), name="indexing")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._step()
            except Exception as error:  # a full disk today must not end searching for ever
                log.warning("indexing.trouble", error=str(error))
                await asyncio.sleep(AFTER_TROUBLE_SECONDS)

    async def _step(self) -> None:
        begun = time.monotonic()
        if await self._next() or await self._indexing.forget():
            rest = REST_AMID_TALK if self._indexing.has_grown else REST
            await asyncio.sleep(rest * (time.monotonic() - begun))
            await self._tell()
        else:
            await self._indexing.wait()

    async def _next(self) -> bool:
        try:
            return await self._indexing.next()
        except Exception:
            # A room that cannot be read may fail for days: what is deleted in others goes from the disk all the same.
            await self._indexing.forget()
            raise

    async def _tell(self) -> None:
        if time.monotonic() - self._said_at < SAID_SECONDS:
            return
        self._said_at = time.monotonic()
        progress = await self._indexing.progress()
        if progress.left > SOON:
            log.info("indexing.progress", indexed=progress.done, total=progress.total)
