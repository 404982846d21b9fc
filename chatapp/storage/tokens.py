"""Credentials for scripts as rows: digests, never the secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from chatapp.core.models import Person, Token, TokenKind
from chatapp.storage.database import Reader, Transaction
from chatapp.storage.rows import PERSON
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


async def by_digest(db: Reader, digest: str) -> tuple[Token, Person] | None:
    """The token and whose it is, expired and disabled ones included."""
    return await _with_person(db, tokens.c.digest == digest)


async def by_id(db: Reader, token_id: int) -> tuple[Token, Person] | None:
    return await _with_person(db, tokens.c.id == token_id)


async def of_person(db: Reader, person_id: int) -> list[Token]:
    """Newest first."""
    rows = await db.all(sa.select(*COLUMNS).where(tokens.c.person_id == person_id).order_by(tokens.c.id.desc()))
    return [Token(*row) for row in rows]


async def touch(tx: Transaction, used: Mapping[int, int]) -> None:
    """Note when tokens were last used: moments by id."""
    statement = sa.update(tokens).where(tokens.c.id == sa.bindparam("of")).values(last_used_at=sa.bindparam("at"))
    if used:
        await tx.execute(statement, [{"of": of, "at": at} for of, at in used.items()])


async def delete(tx: Transaction, person_id: int, token_id: int) -> bool:
    """True when that token of that person was there."""
    gone = await tx.execute(sa.delete(tokens).where(tokens.c.person_id == person_id, tokens.c.id == token_id))
    return gone.rowcount > 0


async def delete_expired(tx: Transaction, now: int) -> list[int]:
    """The ids that are gone."""
    gone = await tx.execute(sa.delete(tokens).where(tokens.c.expires_at <= now).returning(tokens.c.id))
    return list(gone.scalars())


async def _with_person(db: Reader, condition: sa.ColumnElement[bool]) -> tuple[Token, Person] | None:
    row = await db.one(sa.select(*COLUMNS, *PERSON).join(people, people.c.id == tokens.c.person_id).where(condition))
    return (Token(*row[:WIDTH]), Person(*row[WIDTH:])) if row else None
