"""Browsers that are told of messages while no page is open, as rows."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa

from chatapp.core.models import Level, Person, Room
from chatapp.core.push import Subscription
from chatapp.storage.database import Reader, Transaction
from chatapp.storage.rows import PERSON, ROOM, to_person
from chatapp.storage.tables import memberships, people, rooms, sessions
from chatapp.storage.tables import push_subscriptions as rows

_SUBSCRIPTION: Final = (rows.c.endpoint, rows.c.p256dh, rows.c.auth, rows.c.key)


class Device(msgspec.Struct, frozen=True):
    """A browser that is subscribed. ``used_at``: when its push service took something last."""

    session_digest: str
    user_agent: str
    created_at: int
    used_at: int | None = None


class Addressee(msgspec.Struct, frozen=True):
    """Whose browser it is, as they are now."""

    session_digest: str
    subscription: Subscription
    person: Person


class Place(msgspec.Struct, frozen=True):
    """A room as one of its members has it."""

    room: Room
    level: Level
    read_index: int


class Ear(msgspec.Struct, frozen=True):
    """A subscribed browser of somebody in a room."""

    subscription_id: int
    since: int
    person_id: int
    username: str
    level: Level
    read_index: int


async def subscribe(tx: Transaction, digest: str, person_id: int, found: Subscription) -> None:
    """In place of what that session, or another one of that browser, had before."""
    await tx.execute(sa.delete(rows).where(sa.or_(rows.c.session_digest == digest, rows.c.endpoint == found.endpoint)))
    values = {"session_digest": digest, "person_id": person_id, **msgspec.structs.asdict(found)}
    await tx.execute(sa.insert(rows).values(created_at=tx.at, **values))


async def of_session(db: Reader, digest: str) -> tuple[int, Subscription] | None:
    """With its id."""
    row = await db.one(sa.select(rows.c.id, *_SUBSCRIPTION).where(rows.c.session_digest == digest))
    return (row[0], Subscription(*row[1:])) if row else None


async def devices(db: Reader, person_id: int) -> list[Device]:
    """Newest first."""
    found = await db.all(
        sa.select(rows.c.session_digest, sessions.c.user_agent, rows.c.created_at, rows.c.used_at)
        .join(sessions, sessions.c.digest == rows.c.session_digest)
        .where(rows.c.person_id == person_id)
        .order_by(rows.c.created_at.desc(), rows.c.id.desc())
    )
    return [Device(*row) for row in found]


async def remove(tx: Transaction, person_id: int, digest: str) -> bool:
    """Whether that session of that person was subscribed."""
    mine = (rows.c.person_id == person_id, rows.c.session_digest == digest)
    return (await tx.execute(sa.delete(rows).where(*mine))).rowcount > 0


async def delete(tx: Transaction, subscription_id: int) -> None:
    await tx.execute(sa.delete(rows).where(rows.c.id == subscription_id))


async def touch(tx: Transaction, subscription_id: int) -> None:
    await tx.execute(sa.update(rows).where(rows.c.id == subscription_id).values(used_at=tx.at))


async def is_any(db: Reader) -> bool:
    return await db.one(sa.select(rows.c.id).limit(1)) is not None


async def addressee(db: Reader, subscription_id: int) -> Addressee | None:
    asked = sa.select(rows.c.session_digest, *_SUBSCRIPTION, *PERSON).join(people, people.c.id == rows.c.person_id)
    row = await db.one(asked.where(rows.c.id == subscription_id))
    return Addressee(row[0], Subscription(*row[1:5]), to_person(row[5:])) if row else None


async def place(db: Reader, room_id: int, person_id: int) -> Place | None:
    """None for who is not in it."""
    asked = sa.select(*ROOM, memberships.c.level, memberships.c.read_index)
    asked = asked.join(memberships, memberships.c.room_id == rooms.c.id)
    row = await db.one(asked.where(rooms.c.id == room_id, memberships.c.person_id == person_id))
    return Place(Room(*row[:-2]), *row[-2:]) if row else None


async def ears(db: Reader, room_id: int) -> list[Ear]:
    """Of those who may be told at all."""
    found: Any = (
        sa.select(
            rows.c.id,
            rows.c.created_at,
            people.c.id,
            people.c.username,
            memberships.c.level,
            memberships.c.read_index,
        )
        .join(memberships, memberships.c.person_id == rows.c.person_id)
        .join(people, people.c.id == rows.c.person_id)
        .where(memberships.c.room_id == room_id, memberships.c.level != "nothing")
        .where(people.c.is_verified, people.c.is_disabled.is_(False))
    )
    return [Ear(*row) for row in await db.all(found)]
