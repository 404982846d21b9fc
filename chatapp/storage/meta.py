"""What the database knows about itself."""

from __future__ import annotations

import sqlalchemy as sa

from chatapp.storage.database import Transaction
from chatapp.storage.tables import meta


async def settle(tx: Transaction, key: str, value: str) -> str:
    """The value kept under ``key``; ``value`` becomes it when there was none."""
    row = await tx.one(sa.select(meta.c.value).where(meta.c.key == key))
    if row is not None:
        return str(row[0])
    await tx.execute(sa.insert(meta).values(key=key, value=value))
    return value
