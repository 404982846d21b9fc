"""Rooms as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.models import Room
from chatapp.core.rooms import RoomView
from chatapp.storage.database import Reader, Row, Transaction
from chatapp.storage.rows import MARK, ROOM, to_mark
from chatapp.storage.tables import memberships, people, rooms

WIDTH: Final = len(ROOM)
AT_ONCE: Final = 1000

_members = sa.select(sa.func.count()).where(memberships.c.room_id == rooms.c.id).correlate(rooms).scalar_subquery()


async def insert(
    tx: Transaction, *, slug: str, name: str, topic: str, kind: str, created_by: int | None, at: int
) -> Room | None:
    """The new room, or None when the slug is taken."""
    known = await tx.one(sa.select(rooms.c.id).where(rooms.c.slug == slug))
    if known is not None:
        return None
    result = await tx.execute(
        sa.insert(rooms)
        .values(slug=slug, name=name, topic=topic, kind=kind, created_by=created_by, created_at=at)
        .returning(*ROOM)
    )
    return Room(*result.one())


async def update(tx: Transaction, room_id: int, **values: str) -> None:
    await tx.execute(sa.update(rooms).where(rooms.c.id == room_id).values(**values))


async def made_by(db: Reader, person_id: int) -> int:
    """How many, direct ones aside."""
    theirs = (rooms.c.created_by == person_id, rooms.c.kind != "direct")
    row = await db.one(sa.select(sa.func.count()).select_from(rooms).where(*theirs))
    return int(row[0]) if row else 0


async def by_slug(db: Reader, slug: str) -> Room | None:
    row = await db.one(sa.select(*ROOM).where(rooms.c.slug == slug))
    return Room(*row) if row else None


async def tops(db: Reader, room_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Ids and last versions of those rooms."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(room_ids), AT_ONCE):
        part = room_ids[start : start + AT_ONCE]
        tops_of = sa.select(rooms.c.id, rooms.c.last_version).where(rooms.c.id.in_(part))
        found += [(row[0], row[1]) for row in await db.all(tops_of)]
    return found


async def joined(db: Reader, person_id: int) -> list[RoomView]:
    """The rooms this person is in, with the other's name for a direct one; in no order."""
    other = memberships.alias()
    mine = (
        _views(memberships.c.role, people.c.username, people.c.display_name, memberships.c.level, *MARK)
        .join(memberships, sa.and_(memberships.c.room_id == rooms.c.id, memberships.c.person_id == person_id))
        .outerjoin(
            other,
            sa.and_(rooms.c.kind == "direct", other.c.room_id == rooms.c.id, other.c.person_id != person_id),
        )
        .outerjoin(people, people.c.id == other.c.person_id)
    )
    return _to_views(await db.all(mine))


async def open_to(db: Reader, person_id: int) -> list[RoomView]:
    """The open rooms this person is not in, in no order."""
    inside = sa.exists().where(memberships.c.room_id == rooms.c.id, memberships.c.person_id == person_id)
    nobody = (sa.null(), sa.literal(""), sa.literal(""), sa.literal("all"), sa.null(), sa.null(), sa.null())
    return _to_views(await db.all(_views(*nobody).where(rooms.c.kind == "open", ~inside)))


def _views(*extra: Any) -> sa.Select[Any]:
    return sa.select(*ROOM, _members, *extra).select_from(rooms)


def _to_views(rows: Sequence[Row]) -> list[RoomView]:
    return [_to_view(Room(*row[:WIDTH]), *row[WIDTH:]) for row in rows]


def _to_view(room: Room, members: int, role: Any, username: str, display_name: str, level: Any, *mark: Any) -> RoomView:
    title = display_name or room.name
    return RoomView(room, title, members, role, to_mark(*mark), username or "", level=level)
