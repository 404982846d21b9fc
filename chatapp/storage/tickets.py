"""Tickets for sockets as rows: digests, never the secrets."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.core.models import Identity
from chatapp.storage.database import Reader, Transaction
from chatapp.storage.rows import PERSON, to_person
from chatapp.storage.tables import people, tickets

_BY: Final = (tickets.c.session_digest, tickets.c.token_id, tickets.c.ends_at)


async def insert(tx: Transaction, identity: Identity, *, digest: str, expires_at: int) -> None:
    await tx.execute(
        sa.insert(tickets).values(
            digest=digest,
            person_id=identity.person.id,
            session_digest=identity.session_digest,
            token_id=identity.token_id,
            ends_at=identity.expires_at,
            expires_at=expires_at,
        )
    )


async def find(db: Reader, digest: str, now: int) -> Identity | None:
    """What it was made with, if it is alive; left as it is."""
    alive = (tickets.c.digest == digest, tickets.c.expires_at > now)
    row = await db.one(sa.select(*_BY, *PERSON).join(people, people.c.id == tickets.c.person_id).where(*alive))
    return Identity(to_person(row[len(_BY) :]), *row[: len(_BY)]) if row else None


async def delete(tx: Transaction, digest: str) -> bool:
    """True when it was there: of many uses at once exactly one finds it."""
    return (await tx.execute(sa.delete(tickets).where(tickets.c.digest == digest))).rowcount > 0


async def delete_expired(tx: Transaction, now: int) -> None:
    await tx.execute(sa.delete(tickets).where(tickets.c.expires_at <= now))
