"""Works the outbox off, one job at a time: retried ever later, then parked. A crash loses none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Final, Self

import structlog

from chatapp.domain.outbox import Job, Outbox

Handler = Callable[[str], Awaitable[None]]
"""Does a job by its payload; whatever it raises is a failed attempt."""

JOB_SECONDS: Final = 60
GRACE_SECONDS: Final = 5
AFTER_TROUBLE_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Runner:
    """Runs while the context is open; on leaving, the job in hand is given a moment to end."""

    def __init__(self, outbox: Outbox, handlers: Mapping[str, Handler]) -> None:
        self._outbox = outbox
        self._handlers = handlers
        self._is_stopping = False
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._run(), name="outbox")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopping = True
        self._outbox.wake()
        if self.task is not None:
            # Past the grace it is cancelled; the row is still there, so the next start does the job again.
            await asyncio.wait([self.task], timeout=GRACE_SECONDS)
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._is_stopping:
            try:
                await self._step()
            except Exception as error:  # the database is full or locked: that must not end all mail for good
                log.warning("outbox.trouble", error=str(error))
                await asyncio.sleep(AFTER_TROUBLE_SECONDS)

    async def _step(self) -> None:
        job = await self._outbox.next()
        if job is not None:
            await self._work(job)
        elif not self._is_stopping:
            await self._outbox.wait()

    async def _work(self, job: Job) -> None:
        try:
            async with asyncio.timeout(JOB_SECONDS):
                await self._handlers[job.kind](self._outbox.payload(job))
        except Exception as error:  # a job's own trouble is written to its row
            await self._fail(job, f"{type(error).__name__}: {error}")
        else:
            await self._outbox.done(job)

    async def _fail(self, job: Job, reason: str) -> None:
        is_parked = await self._outbox.failed(job, reason)
        if is_parked:
            log.error("job.parked", kind=job.kind, job=job.id, error=reason)
        else:
            log.warning("job.failed", kind=job.kind, job=job.id, attempt=job.attempts + 1, error=reason)
