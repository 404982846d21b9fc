"""Credentials for scripts as rows: digests, never the secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.credentials import Token, TokenKind
from chatapp.core.models import Person
from chatapp.storage.database import Database, Reader, Transaction
from chatapp.storage.rows import PERSON, to_person
from chatapp.storage.statement import Statement
from chatapp.storage.tables import people, tokens

COLUMNS: Final = (
    tokens.c.id,
    tokens.c.person_id,
    tokens.c.kind,
    tokens.c.name,
    tokens.c.created_at,
    tokens.c.expires_at,
    tokens.c.last_used_at,
)
WIDTH: Final = len(COLUMNS)

_whose = sa.select(*COLUMNS, *PERSON).join(people, people.c.id == tokens.c.person_id)
BY_DIGEST: Final = Statement(_whose.where(tokens.c.digest == sa.bindparam("digest")))
BY_ID: Final = Statement(_whose.where(tokens.c.id == sa.bindparam("id")))


async def insert(
    tx: Transaction, *, person_id: int, kind: TokenKind, name: str, digest: str, at: int, expires_at: int | None
) -> Token:
    values = {
        "person_id": person_id,
        "kind": kind,
        "name": name,
        "digest": digest,
        "created_at": at,
        "expires_at": expires_at,
    }
    return Token(*(await tx.execute(sa.insert(tokens).values(values).returning(*COLUMNS))).one())


async def by_digest(db: Database, digest: str) -> tuple[Token, Person] | None:
    """The token and whose it is, expired and disabled ones included."""
    return _with_person(await db.hot_one(BY_DIGEST, digest=digest))


async def by_id(db: Database, token_id: int) -> tuple[Token, Person] | None:
    return _with_person(await db.hot_one(BY_ID, id=token_id))


async def of_person(db: Reader, person_id: int) -> list[Token]:
    """Newest first."""
    rows = await db.all(sa.select(*COLUMNS).where(tokens.c.person_id == person_id).order_by(tokens.c.id.desc()))
    return [Token(*row) for row in rows]


async def touch(tx: Transaction, used: Mapping[int, int]) -> None:
    """Note when tokens were last used: moments by id. Never back, as with sessions."""
    is_later = sa.func.coalesce(tokens.c.last_used_at, 0) < sa.bindparam("at")
    statement = sa.update(tokens).where(tokens.c.id == sa.bindparam("of"), is_later)
    statement = statement.values(last_used_at=sa.bindparam("at"))
    if used:
        await tx.execute(statement, [{"of": of, "at": at} for of, at in sorted(used.items())])


async def delete(tx: Transaction, person_id: int, token_id: int) -> bool:
    """True when that token of that person was there."""
    gone = await tx.execute(sa.delete(tokens).where(tokens.c.person_id == person_id, tokens.c.id == token_id))
    return gone.rowcount > 0


async def delete_of(tx: Transaction, person_id: int, *kinds: TokenKind) -> list[int]:
    """Delete those of a person that are of these kinds; the ids that are gone."""
    theirs = sa.and_(tokens.c.person_id == person_id, tokens.c.kind.in_(kinds))
    return list((await tx.execute(sa.delete(tokens).where(theirs).returning(tokens.c.id))).scalars())


async def delete_expired(tx: Transaction, now: int) -> list[int]:
    """The ids that are gone."""
    gone = await tx.execute(sa.delete(tokens).where(tokens.c.expires_at <= now).returning(tokens.c.id))
    return list(gone.scalars())


def _with_person(row: Any) -> tuple[Token, Person] | None:
    return (Token(*row[:WIDTH]), to_person(row[WIDTH:])) if row else None
