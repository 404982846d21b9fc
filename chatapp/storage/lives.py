"""How long what lets somebody in lasts, when the clock by which it was made was ahead."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.storage.database import Transaction
from chatapp.storage.tables import links, sessions

# Access tokens and invites end on a day that is listed, and may be ended before; scripts would stop where it is this
# clock that is wrong, and behind. Tickets last seconds.
LASTING: Final = (sessions, links)


async def begin_by(tx: Transaction, now: int) -> None:
    """Have what was made later than ``now`` begin now, and last no longer than it was meant to; a session that was in
    use later than that was last in use now."""
    for table in LASTING:
        ahead = table.c.created_at - now
        change = sa.update(table).where(table.c.created_at > now)
        await tx.execute(change.values(created_at=now, expires_at=table.c.expires_at - ahead))
    await tx.execute(sa.update(sessions).where(sessions.c.seen_at > now).values(seen_at=now))
