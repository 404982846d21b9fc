"""Links that were mailed to somebody, to be used once: digests, never the secrets."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from chatapp.core.models import LinkPurpose
from chatapp.storage.database import Reader, Transaction
from chatapp.storage.tables import links


async def replace(
    tx: Transaction,
    *,
    digest: str,
    person_id: int,
    purpose: LinkPurpose,
    email: str,
    at: int,
    expires_at: int,
    keep: int = 0,
) -> None:
    """A new link; the person's older ones of that purpose end, but for the newest ``keep``."""
    theirs = links.c.person_id == person_id, links.c.purpose == purpose
    kept = sa.select(links.c.digest).where(*theirs).order_by(links.c.created_at.desc()).limit(keep)
    await tx.execute(sa.delete(links).where(*theirs, links.c.digest.not_in(kept)))
    await tx.execute(
        sa.insert(links).values(
            digest=digest, person_id=person_id, purpose=purpose, email=email, created_at=at, expires_at=expires_at
        )
    )


async def consume(tx: Transaction, purpose: LinkPurpose, digest: str, now: int) -> tuple[int, str] | None:
    """Use the link up: whose it is and the address it was sent to, or None when it is not alive."""
    # One statement finds and deletes it, so of many uses at once exactly one succeeds.
    statement = sa.delete(links).where(*_alive(purpose, digest, now)).returning(links.c.person_id, links.c.email)
    row = (await tx.execute(statement)).first()
    return (row[0], row[1]) if row else None


async def owner(db: Reader, purpose: LinkPurpose, digest: str, now: int) -> int | None:
    """Whose link it is, left as it is; None when it is not alive."""
    row = await db.one(sa.select(links.c.person_id).where(*_alive(purpose, digest, now)))
    return row[0] if row else None


async def address(db: Reader, person_id: int, purpose: LinkPurpose) -> str:
    """Where the person's link was sent; empty when there is none."""
    row = await db.one(sa.select(links.c.email).where(links.c.person_id == person_id, links.c.purpose == purpose))
    return row[0] if row else ""


async def last_made_at(db: Reader, person_id: int, purpose: LinkPurpose) -> int | None:
    row = await db.one(
        sa.select(sa.func.max(links.c.created_at)).where(links.c.person_id == person_id, links.c.purpose == purpose)
    )
    return row[0] if row else None


async def delete_of(tx: Transaction, person_id: int, purpose: LinkPurpose) -> None:
    await tx.execute(sa.delete(links).where(links.c.person_id == person_id, links.c.purpose == purpose))


async def delete_expired(tx: Transaction, now: int) -> None:
    await tx.execute(sa.delete(links).where(links.c.expires_at <= now))


def _alive(purpose: LinkPurpose, digest: str, now: int) -> tuple[Any, ...]:
    return links.c.digest == digest, links.c.purpose == purpose, links.c.expires_at > now
