"""What the database knows about itself."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from chatapp.storage.database import Transaction
from chatapp.storage.tables import meta


async def value(tx: Transaction, key: str) -> str | None:
    """What is kept under ``key``, if anything."""
    row = await tx.one(sa.select(meta.c.value).where(meta.c.key == key))
    return None if row is None else str(row[0])


async def put(tx: Transaction, key: str, value: str) -> None:
    statement = insert(meta).values(key=key, value=value)
    await tx.execute(statement.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": value}))
