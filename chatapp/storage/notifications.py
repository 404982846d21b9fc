"""What people have set about being told of messages, as rows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from chatapp.core.notifications import NotificationSettings, QuietHours
from chatapp.storage.database import Reader, Transaction
from chatapp.storage.tables import notification_settings as rows


async def settings_of(db: Reader, person_id: int) -> NotificationSettings:
    row = await db.one(
        sa.select(rows.c.hides_words, rows.c.quiet_days, rows.c.quiet_from, rows.c.quiet_to, rows.c.silent_until).where(
            rows.c.person_id == person_id
        )
    )
    if row is None:
        return NotificationSettings()
    return NotificationSettings(bool(row[0]), QuietHours(row[1], row[2], row[3]), row[4])


async def change(tx: Transaction, person_id: int, **values: Any) -> None:
    """Set some columns; the others stay as they are, or at their defaults."""
    changed = await tx.execute(sa.update(rows).where(rows.c.person_id == person_id).values(values))
    if not changed.rowcount:
        await tx.execute(sa.insert(rows).values(person_id=person_id, **values))
