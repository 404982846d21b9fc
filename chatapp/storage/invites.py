"""Invitations as rows: digests, never the secrets."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.credentials import Invite
from chatapp.storage.database import Reader, Transaction
from chatapp.storage.tables import invites, people

COLUMNS: Final = (
    invites.c.id,
    invites.c.created_by,
    invites.c.created_at,
    invites.c.expires_at,
    invites.c.uses_left,
)


async def insert(tx: Transaction, *, digest: str, created_by: int, at: int, expires_at: int, uses: int) -> Invite:
    values = {"digest": digest, "created_by": created_by, "created_at": at, "expires_at": expires_at, "uses_left": uses}
    return Invite(*(await tx.execute(sa.insert(invites).values(values).returning(*COLUMNS))).one())


async def use(tx: Transaction, digest: str, now: int) -> int | None:
    """Count one use down; the invitation's id, or None when it is not alive."""
    statement = sa.update(invites).where(*_alive(digest, now)).values(uses_left=invites.c.uses_left - 1)
    row = (await tx.execute(statement.returning(invites.c.id))).first()
    return row[0] if row else None


async def is_usable(db: Reader, digest: str, now: int) -> bool:
    return await db.one(sa.select(invites.c.id).where(*_alive(digest, now))) is not None


async def every(db: Reader) -> list[Invite]:
    """Newest first, used-up ones included."""
    return [Invite(*row) for row in await db.all(sa.select(*COLUMNS).order_by(invites.c.id.desc()))]


async def delete(tx: Transaction, invite_id: int) -> bool:
    """True when it was there."""
    return (await tx.execute(sa.delete(invites).where(invites.c.id == invite_id))).rowcount > 0


async def delete_of(tx: Transaction, person_id: int) -> int:
    """Delete those of a person that could still be used; how many."""
    theirs = invites.c.created_by == person_id, invites.c.uses_left > 0
    return (await tx.execute(sa.delete(invites).where(*theirs))).rowcount


async def delete_expired(tx: Transaction, now: int) -> None:
    await tx.execute(sa.delete(invites).where(invites.c.expires_at <= now))


def _alive(digest: str, now: int) -> tuple[Any, ...]:
    # The right to invite is asked again at each use: it may have been taken from the one who invited.
    may_invite = sa.exists().where(
        people.c.id == invites.c.created_by, people.c.is_admin.is_(True), people.c.is_disabled.is_(False)
    )
    return invites.c.digest == digest, invites.c.uses_left > 0, invites.c.expires_at > now, may_invite
