"""What every process must do, as rows written in the transaction that causes it.

Such a transaction is alone with the database, so that ids are in the order of commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from chatapp.storage.database import Reader, Transaction
from chatapp.storage.tables import notices


async def insert(tx: Transaction, payloads: Sequence[str]) -> None:
    await tx.execute(sa.insert(notices), [{"at": tx.at, "payload": payload} for payload in payloads])
    tx.witness = partial(_written, tx.at, payloads[-1])


def _written(at: int, payload: str) -> sa.Select[Any]:
    return sa.select(notices.c.id).where(notices.c.at == at, notices.c.payload == payload)


async def newest(db: Reader) -> int:
    row = await db.one(sa.select(sa.func.max(notices.c.id)))
    return row[0] or 0 if row else 0


async def since(db: Reader, last: int) -> list[tuple[int, str]]:
    """The row ``last``, if it is still there, and all after it, by id."""
    rows = await db.all(sa.select(notices.c.id, notices.c.payload).where(notices.c.id >= last).order_by(notices.c.id))
    return [(row[0], row[1]) for row in rows]


async def delete_before(tx: Transaction, at: int) -> None:
    """All of before that moment but the newest of them: who has read that one has missed none."""
    newest_old = sa.select(sa.func.max(notices.c.id)).where(notices.c.at < at).scalar_subquery()
    await tx.execute(sa.delete(notices).where(notices.c.id < newest_old))
