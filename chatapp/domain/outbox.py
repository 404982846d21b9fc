"""What is to be done outside (mail), kept as rows until it is done. Payloads rest sealed: they hold secret links."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from chatapp.core.sealing import Sealer
from chatapp.storage import outbox
from chatapp.storage.database import Database, Reader, Transaction
from chatapp.storage.secrets import Secrets

FIRST_RETRY_MS: Final = 5_000
LONGEST_RETRY_MS: Final = 3_600_000
MOST_ATTEMPTS: Final = 10
LONGEST_ERROR: Final = 500
# Longer than any job may take.
CLAIM_MS: Final = 120_000
LOOK_SECONDS: Final = 30.0


class Job(msgspec.Struct, frozen=True):
    """One thing to do; ``attempts`` counts those that failed."""

    id: int
    kind: str
    sealed: str
    attempts: int = 0


class Parked(msgspec.Struct, frozen=True):
    """A job that was given up."""

    id: int
    kind: str
    parked_at: int
    error: str


class Outbox:
    """Written by the transactions that cause a job, worked off by a runner of each process, one job by one of them."""

    def __init__(self, *, database: Database, secrets: Secrets) -> None:
        self._database = database
        self._sealer = Sealer("outbox", secrets.session_keys)
        self._woken = asyncio.Event()

    async def put(self, tx: Transaction, kind: str, payload: str) -> None:
        """Have a job done soon after this transaction's commit; never when it is rolled back."""
        sealed = self._sealer.seal(payload.encode())
        await outbox.insert(tx, kind=kind, payload=sealed, at=self._database.clock())
        tx.after_commit(self.wake)

    async def next(self) -> Job | None:
        """The job to do now. It stays until :meth:`done`: a crash in between does it again.

        Where other processes do jobs too, only one is given it; were that to crash, another is after two minutes.
        """
        now = self._database.clock()
        row = await outbox.first_due(self._database, now)
        if row is None or (self._database.is_shared and not await self._is_mine(row[0], now)):
            return None
        return Job(*row)

    def payload(self, job: Job) -> str:
        """Raises ``ValueError`` when the key it was sealed with is gone."""
        return self._sealer.open(job.sealed).content.decode()

    async def done(self, job: Job) -> None:
        async with self._database.transaction() as tx:
            await outbox.delete(tx, job.id)

    async def failed(self, job: Job, error: str) -> bool:
        """Try again later, ever later; True when it was the last attempt and the job is parked."""
        now, error = self._database.clock(), error[:LONGEST_ERROR]
        is_last = job.attempts + 1 >= MOST_ATTEMPTS
        async with self._database.transaction() as tx:
            if is_last:
                await outbox.park(tx, job.id, at=now, error=error)
            else:
                pause = min(FIRST_RETRY_MS << job.attempts, LONGEST_RETRY_MS)
                await outbox.postpone(tx, job.id, due_at=now + pause, error=error)
        return is_last

    async def parked(self) -> list[Parked]:
        return [Parked(*row) for row in await outbox.parked(self._database)]

    def wake(self) -> None:
        self._woken.set()

    async def _is_mine(self, job_id: int, now: int) -> bool:
        async with self._database.transaction(alone=False) as tx:
            return await outbox.claim(tx, job_id, now, until=now + CLAIM_MS)

    async def wait(self) -> None:
        """Return when something may be due: at once after a commit, or when the next retry is."""
        await woken_or_due(self._woken, self._database, outbox.next_due_at)


async def woken_or_due(
    woken: asyncio.Event, database: Database, next_due_at: Callable[[Reader], Awaitable[int | None]]
) -> None:
    """Until somebody says that there is something new, or what waits in the rows is due."""
    # Cleared before looking: what is put in afterwards sets it again.
    woken.clear()
    due_at = await next_due_at(database)
    seconds = None if due_at is None else max(0.0, (due_at - database.clock()) / 1000)
    if database.is_shared:
        # What a process left that is no more, nobody says.
        seconds = LOOK_SECONDS if seconds is None else min(seconds, LOOK_SECONDS)
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        pass
