"""Whom messages name: looking names up, and counting what is unread of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.models import message_id
from chatapp.storage.database import Database, Reader
from chatapp.storage.statement import Listed, Statement, inserting
from chatapp.storage.tables import memberships, mentions, messages, people, rooms

# No person has this id.
EVERYBODY: Final = 0
# Of a room; where there are more, what is shown is "99+".
MOST_UNREAD: Final = 100

INSERT: Final = inserting(mentions)
FORGET: Final = Listed("DELETE FROM mentions WHERE message_id IN ({})", "bigint")


async def members_named(db: Reader, room_id: int, usernames: Collection[str]) -> dict[str, int]:
    """Ids of those who are in the room and not disabled, by username."""
    found = (
        sa.select(people.c.username, people.c.id)
        .join(memberships, memberships.c.person_id == people.c.id)
        .where(memberships.c.room_id == room_id, people.c.username.in_(usernames), people.c.is_disabled.is_(False))
    )
    return {row[0]: row[1] for row in await db.all(found)}


async def open_rooms(db: Reader, slugs: Collection[str]) -> dict[str, str]:
    """Names by slug of those that are rooms which everybody may see."""
    found = sa.select(rooms.c.slug, rooms.c.name).where(rooms.c.kind == "open", rooms.c.slug.in_(slugs))
    return {row[0]: row[1] for row in await db.all(found)}


def _unread() -> sa.Select[Any]:
    person, size = sa.bindparam("person", type_=sa.BigInteger), message_id(1, 0)
    first, beyond = (memberships.c.room_id + after for after in (0, 1))
    # Of equal rank: a message that names somebody and everybody.
    rank = sa.func.dense_rank().over(partition_by=messages.c.room_id, order_by=messages.c.index.desc())
    found = (
        sa.select(messages.c.room_id, messages.c.index, rank.label("rank"))
        .select_from(memberships)
        .join(
            mentions,
            sa.and_(
                mentions.c.person_id.in_([person, EVERYBODY]),
                mentions.c.message_id > first * size + memberships.c.read_index,
                mentions.c.message_id < beyond * size,
            ),
        )
        .join(messages, messages.c.id == mentions.c.message_id)
        .where(memberships.c.person_id == person, messages.c.author_id != person)
        .subquery()
    )
    return sa.select(found.c.room_id, found.c.index).where(found.c.rank <= sa.bindparam("most")).distinct()


UNREAD: Final = Statement(_unread())


async def unread(db: Database, person_id: int) -> dict[int, list[int]]:
    """Of each room with some, the indexes of the messages above the read position that name the person or everybody,
    except their own, in order; the newest :data:`MOST_UNREAD` of each room."""
    by_room: dict[int, list[int]] = {}
    for room_id, index in sorted(await db.hot(UNREAD, person=person_id, most=MOST_UNREAD)):
        by_room.setdefault(room_id, []).append(index)
    return by_room
