"""Accounts as rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.candidates import Candidate
from chatapp.core.models import Person
from chatapp.storage import meta
from chatapp.storage.database import Reader, Transaction
from chatapp.storage.rows import PERSON
from chatapp.storage.tables import memberships, people, sessions, tokens

WIDTH: Final = len(PERSON)
NAMES: Final = (people.c.username, people.c.display_name)
LAST_ID: Final = "last_person"


async def insert(
    tx: Transaction,
    *,
    username: str,
    email: str | None,
    display_name: str,
    password_hash: str,
    is_admin: bool,
    is_verified: bool,
    at: int,
) -> Person:
    """Ask :func:`by_username` and :func:`by_email` in the same transaction first: both are unique."""
    values = {
        "id": await _last_id(tx) + 1,
        "username": username,
        "email": email,
        "display_name": display_name,
        "password_hash": password_hash,
        "is_admin": is_admin,
        "is_verified": is_verified,
        "created_at": at,
    }
    result = await tx.execute(sa.insert(people).values(values).returning(*PERSON))
    return Person(*result.one())


async def update(tx: Transaction, person_id: int, **values: Any) -> Person:
    statement = sa.update(people).where(people.c.id == person_id).values(values).returning(*PERSON)
    return Person(*(await tx.execute(statement)).one())


async def delete_unverified(tx: Transaction, before: int) -> None:
    """Forget accounts made before that moment whose address nobody has confirmed, whatever rooms they are in."""
    last = await _last_id(tx)
    deleted = await tx.execute(
        sa.delete(people).where(
            people.c.is_verified.is_(False),
            people.c.is_disabled.is_(False),
            people.c.created_at < before,
        )
    )
    if deleted.rowcount:
        await meta.put(tx, LAST_ID, str(last))


async def _last_id(tx: Transaction) -> int:
    """The highest that was ever given. SQLite would give that of a deleted row again, and with it the marks in browsers
    and the entries in the audit log that are another's."""
    row = await tx.one(sa.select(sa.func.max(people.c.id)))
    return max(row[0] or 0 if row else 0, int(await meta.value(tx, LAST_ID) or 0))


async def by_id(db: Reader, person_id: int) -> Person | None:
    return await _one(db, people.c.id == person_id)


async def by_username(db: Reader, username: str) -> Person | None:
    """Without regard to case."""
    # Usernames are ASCII. Anything else is nobody's, and a lone surrogate would fail in the driver.
    return await _one(db, people.c.username == username.lower()) if username.isascii() else None


async def by_email(db: Reader, email: str) -> Person | None:
    return await _one(db, people.c.email == email)


async def with_password(db: Reader, name_or_email: str) -> tuple[Person, str] | None:
    """The person of that username or e-mail address, and their password's hash."""
    # A username holds no @ and an address always does: the two cannot be mistaken for each other.
    column = people.c.email if "@" in name_or_email else people.c.username
    row = await db.one(sa.select(*PERSON, people.c.password_hash).where(column == name_or_email))
    return (Person(*row[:WIDTH]), row[WIDTH]) if row else None


async def password_hash(db: Reader, person_id: int) -> str:
    row = await db.one(sa.select(people.c.password_hash).where(people.c.id == person_id))
    return row[0] if row else ""


async def everyone(db: Reader) -> list[Person]:
    return [Person(*row) for row in await db.all(sa.select(*PERSON).order_by(people.c.username))]


async def page(db: Reader, *, wanted: str, after: str, limit: int) -> list[tuple[Person, int | None]]:
    """By username, from behind ``after`` on: those in whose names ``wanted`` is found, and when they were last seen."""
    statement = _with_seen().where(people.c.username > after, _is_called(wanted))
    rows = await db.all(statement.order_by(people.c.username).limit(limit))
    return [(Person(*row[:WIDTH]), row[WIDTH]) for row in rows]


async def listed(db: Reader, *, wanted: str, after: str, limit: int) -> list[Person]:
    """As :func:`page`, of those whom others may write to."""
    found = sa.select(*PERSON).where(people.c.is_verified, ~people.c.is_disabled)
    found = found.where(people.c.username > after, _is_called(wanted)).order_by(people.c.username).limit(limit)
    return [Person(*row) for row in await db.all(found)]


async def called(db: Reader, wanted: str, room_id: int, *, only_members: bool, limit: int) -> list[Candidate]:
    """Whose names hold ``wanted``: members of that room first, of each those first whose names begin with it."""
    is_member = memberships.c.person_id.is_not(None)
    inside = sa.and_(memberships.c.person_id == people.c.id, memberships.c.room_id == room_id)
    rows = await db.all(
        sa.select(people.c.username, people.c.display_name, is_member)
        .select_from(people)
        .outerjoin(memberships, inside)
        .where(people.c.is_verified, ~people.c.is_disabled, _is_called(wanted))
        .where(is_member if only_members else sa.true())
        .order_by(sa.not_(is_member), sa.not_(_begins(wanted)), people.c.username)
        .limit(limit)
    )
    return [Candidate(username, display_name, bool(is_in)) for username, display_name, is_in in rows]


async def bearing(db: Reader, name: str) -> list[Person]:
    """Whose username it is; else all whose display name it is, without regard to case."""
    person = await by_username(db, name)
    if person is not None:
        return [person]
    shown, spelt = people.c.display_name, _spellings(name)
    is_meant = sa.or_(shown.in_(spelt), sa.func.lower(shown).in_(spelt))
    return [Person(*row) for row in await db.all(sa.select(*PERSON).where(people.c.is_verified, is_meant))]


async def names(db: Reader, usernames: Collection[str]) -> dict[str, str]:
    """What they call themselves, by username."""
    rows = await db.all(sa.select(*NAMES).where(people.c.username.in_(usernames))) if usernames else []
    return {row.username: row.display_name for row in rows}


async def seen(db: Reader, username: str) -> tuple[Person, int | None] | None:
    """As :func:`by_username`, and when they were last seen."""
    row = await db.one(_with_seen().where(people.c.username == username.lower())) if username.isascii() else None
    return (Person(*row[:WIDTH]), row[WIDTH]) if row else None


async def is_other_admin(db: Reader, person_id: int) -> bool:
    """Whether somebody else administrates."""
    able = (people.c.is_admin.is_(True), people.c.is_disabled.is_(False), people.c.is_verified.is_(True))
    return await db.one(sa.select(people.c.id).where(people.c.id != person_id, *able).limit(1)) is not None


async def is_empty(db: Reader) -> bool:
    return await db.one(sa.select(people.c.id).limit(1)) is None


async def _one(db: Reader, condition: sa.ColumnElement[bool]) -> Person | None:
    row = await db.one(sa.select(*PERSON).where(condition))
    return Person(*row) if row else None


def _with_seen() -> sa.Select[Any]:
    whose = sa.select(sa.func.max(sessions.c.seen_at)).where(sessions.c.person_id == people.c.id).scalar_subquery()
    used = sa.select(sa.func.max(tokens.c.last_used_at)).where(tokens.c.person_id == people.c.id).scalar_subquery()
    seen, last = sa.func.coalesce(whose, 0), sa.func.coalesce(used, 0)
    latest = sa.func.nullif(sa.case((seen > last, seen), else_=last), 0)
    return sa.select(*PERSON, latest)


def _is_called(wanted: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(name.contains(each, autoescape=True) for name in NAMES for each in _spellings(wanted)))


def _begins(wanted: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(name.startswith(each, autoescape=True) for name in NAMES for each in _spellings(wanted)))


def _spellings(wanted: str) -> set[str]:
    # SQLite knows upper and lower case of ASCII only: the usual spellings of other alphabets are asked for as well.
    return {wanted, wanted.lower(), wanted.upper(), wanted.title()}
