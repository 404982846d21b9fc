"""What the database knows about itself."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.storage.database import Transaction
from chatapp.storage.tables import meta

# In words that both engines know.
PUT: Final = sa.text(
    "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


async def value(tx: Transaction, key: str) -> str | None:
    """What is kept under ``key``, if anything."""
    row = await tx.one(sa.select(meta.c.value).where(meta.c.key == key))
    return None if row is None else str(row[0])


async def put(tx: Transaction, key: str, value: str) -> None:
    await tx.execute(PUT, {"key": key, "value": value})
