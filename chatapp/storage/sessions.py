"""Signed-in browsers as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from chatapp.core.credentials import Session
from chatapp.core.models import Person
from chatapp.storage.database import Database, Reader, Transaction
from chatapp.storage.rows import PERSON, to_person
from chatapp.storage.statement import Statement
from chatapp.storage.tables import people, sessions

COLUMNS: Final = (
    sessions.c.digest,
    sessions.c.person_id,
    sessions.c.created_at,
    sessions.c.seen_at,
    sessions.c.expires_at,
    sessions.c.is_remembered,
    sessions.c.address,
    sessions.c.user_agent,
)
WIDTH: Final = len(COLUMNS)


async def insert(tx: Transaction, session: Session) -> None:
    await tx.execute(sa.insert(sessions).values(msgspec.structs.asdict(session)))


BY_DIGEST: Final = Statement(
    sa.select(*COLUMNS, *PERSON)
    .join(people, people.c.id == sessions.c.person_id)
    .where(sessions.c.digest == sa.bindparam("digest"))
)


async def by_digest(db: Database, digest: str) -> tuple[Session, Person] | None:
    """The session and whose it is, expired and disabled ones included."""
    row = await db.hot_one(BY_DIGEST, digest=digest)
    if row is None:
        return None
    session = Session(*row[:WIDTH])
    return msgspec.structs.replace(session, is_remembered=bool(session.is_remembered)), to_person(row[WIDTH:])


async def of_person(db: Reader, person_id: int) -> list[Session]:
    """Newest first."""
    rows = await db.all(
        sa.select(*COLUMNS).where(sessions.c.person_id == person_id).order_by(sessions.c.created_at.desc())
    )
    return [Session(*row) for row in rows]


async def touch(tx: Transaction, seen: Mapping[str, int]) -> None:
    """Note when sessions were last seen: moments by digest. Never back: by a clock that was behind for a moment, as
    after a start without a battery, they would be called idle once it is right."""
    is_later = sa.and_(sessions.c.digest == sa.bindparam("of"), sessions.c.seen_at < sa.bindparam("at"))
    statement = sa.update(sessions).where(is_later).values(seen_at=sa.bindparam("at"))
    # In one order, or two processes would wait for each other.
    if seen:
        await tx.execute(statement, [{"of": of, "at": at} for of, at in sorted(seen.items())])


async def delete(tx: Transaction, person_id: int, digest: str) -> bool:
    """True when that session of that person was there."""
    return bool(await _delete(tx, sessions.c.person_id == person_id, sessions.c.digest == digest))


async def delete_of(tx: Transaction, person_id: int, *, except_digest: str | None = None) -> list[str]:
    """End the person's sessions but one; the digests that are gone."""
    return await _delete(tx, sessions.c.person_id == person_id, sessions.c.digest.is_distinct_from(except_digest))


async def delete_expired(tx: Transaction, *, now: int, idle_since: int, unremembered_since: int) -> list[str]:
    """End what is over, or has not been seen since the given moments; the digests that are gone."""
    return await _delete(
        tx,
        sa.or_(
            sessions.c.expires_at <= now,
            sessions.c.seen_at <= idle_since,
            sa.and_(sessions.c.is_remembered.is_(False), sessions.c.seen_at <= unremembered_since),
        ),
    )


async def _delete(tx: Transaction, *conditions: Any) -> list[str]:
    gone = await tx.execute(sa.delete(sessions).where(*conditions).returning(sessions.c.digest))
    return list(gone.scalars())
