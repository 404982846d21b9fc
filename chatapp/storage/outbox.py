"""What is to be done outside, as rows written in the transaction that causes it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from chatapp.storage.database import Reader, Transaction
from chatapp.storage.tables import outbox


async def insert(tx: Transaction, *, kind: str, payload: str, at: int) -> None:
    await tx.execute(sa.insert(outbox).values(kind=kind, payload=payload, due_at=at, created_at=at))


async def first_due(db: Reader, now: int) -> tuple[int, str, str, int] | None:
    """Id, kind, payload and failed attempts of the job that has been due for longest."""
    row = await db.one(
        sa.select(outbox.c.id, outbox.c.kind, outbox.c.payload, outbox.c.attempts)
        .where(outbox.c.parked_at.is_(None), outbox.c.due_at <= now)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(1)
    )
    return (row[0], row[1], row[2], row[3]) if row else None


async def claim(tx: Transaction, job_id: int, now: int, *, until: int) -> bool:
    """Not due before ``until``; False when it was not due any more, since somebody else has it."""
    due = sa.and_(outbox.c.id == job_id, outbox.c.due_at <= now)
    return (await tx.execute(sa.update(outbox).where(due).values(due_at=until))).rowcount > 0


async def next_due_at(db: Reader) -> int | None:
    row = await db.one(sa.select(sa.func.min(outbox.c.due_at)).where(outbox.c.parked_at.is_(None)))
    return row[0] if row else None


async def delete(tx: Transaction, job_id: int) -> None:
    await tx.execute(sa.delete(outbox).where(outbox.c.id == job_id))


async def postpone(tx: Transaction, job_id: int, *, due_at: int, error: str) -> None:
    await _failed(tx, job_id, error, due_at=due_at)


async def park(tx: Transaction, job_id: int, *, at: int, error: str) -> None:
    """Set aside for good, with what went wrong."""
    await _failed(tx, job_id, error, parked_at=at)


async def parked(db: Reader) -> list[tuple[int, str, int, str]]:
    """Id, kind, moment and error of what was set aside, oldest first."""
    rows = await db.all(
        sa.select(outbox.c.id, outbox.c.kind, outbox.c.parked_at, outbox.c.error)
        .where(outbox.c.parked_at.is_not(None))
        .order_by(outbox.c.parked_at, outbox.c.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def delete_parked(tx: Transaction, before: int) -> None:
    await tx.execute(sa.delete(outbox).where(outbox.c.parked_at <= before))


async def _failed(tx: Transaction, job_id: int, error: str, **values: Any) -> None:
    values |= {"attempts": outbox.c.attempts + 1, "error": error}
    await tx.execute(sa.update(outbox).where(outbox.c.id == job_id).values(values))
