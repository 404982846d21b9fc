"""Who is in which room, and how far they have read."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.models import Level, Member, Role, Room
from chatapp.core.reads import ReadMark
from chatapp.storage.database import Database, Reader, Transaction, Writer
from chatapp.storage.rows import MARK, ROOM, to_mark
from chatapp.storage.statement import Statement
from chatapp.storage.tables import memberships, people, rooms

Found = tuple[Room, Role | None, ReadMark, bool]
"""A room with this person's role (None: not in it), how far they have read, and whether they are an administrator."""
_MEMBER: Final = (
    people.c.id,
    people.c.username,
    people.c.display_name,
    memberships.c.role,
    memberships.c.joined_at,
    # Of who is not to be seen it would say that they are here.
    sa.case((people.c.is_hidden, ""), else_=people.c.status),
)


async def insert(tx: Transaction, room_id: int, person_id: int, role: Role, read_index: int, at: int) -> bool:
    """True when the person was not in the room before."""
    known = await tx.one(
        sa.select(memberships.c.role).where(memberships.c.room_id == room_id, memberships.c.person_id == person_id)
    )
    if known is not None:
        return False
    await tx.execute(
        sa.insert(memberships).values(
            room_id=room_id, person_id=person_id, role=role, read_index=read_index, joined_at=at
        )
    )
    return True


async def delete(tx: Transaction, room_id: int, person_id: int) -> bool:
    """True when the person was in the room."""
    gone = await tx.execute(
        sa.delete(memberships).where(memberships.c.room_id == room_id, memberships.c.person_id == person_id)
    )
    return gone.rowcount > 0


ADVANCE: Final = Statement(
    sa.update(memberships)
    .where(
        memberships.c.room_id == sa.bindparam("of_room"),
        memberships.c.person_id == sa.bindparam("of_person"),
        memberships.c.read_index < sa.bindparam("reach"),
        memberships.c.read_turn == sa.bindparam("of_turn"),
    )
    .values(read_index=sa.bindparam("reach"), read_before=sa.bindparam("before"))
    .returning(memberships.c.read_index)
)


async def advance(writer: Writer, room_id: int, person_id: int, mark: ReadMark) -> bool:
    """Move the read position forward, never back, and only within its turn; whether it has moved."""
    to = {"reach": mark.index, "of_turn": mark.turn, "before": _before(mark)}
    has_moved = bool(await writer.rows(ADVANCE, of_room=room_id, of_person=person_id, **to))
    if has_moved:
        writer.witness = partial(_has_read, room_id, person_id, mark)
    return has_moved


def _has_read(room_id: int, person_id: int, mark: ReadMark) -> sa.Select[Any]:
    membership = (memberships.c.room_id == room_id, memberships.c.person_id == person_id)
    reached = (memberships.c.read_turn == mark.turn, memberships.c.read_index >= mark.index)
    return sa.select(memberships.c.room_id).where(*membership, *reached)


async def go_back(tx: Transaction, room_id: int, person_id: int, mark: ReadMark) -> None:
    await tx.execute(
        sa.update(memberships)
        .where(memberships.c.room_id == room_id, memberships.c.person_id == person_id)
        .values(read_index=mark.index, read_turn=mark.turn, read_before=_before(mark))
    )


def _before(mark: ReadMark) -> str:
    return " ".join(map(str, mark.kept))


def _found(room: sa.ColumnElement[bool], person_id: Any) -> sa.Select[Any]:
    return (
        sa.select(*ROOM, memberships.c.role, *MARK, people.c.is_admin)
        .select_from(rooms)
        .outerjoin(memberships, sa.and_(memberships.c.room_id == rooms.c.id, memberships.c.person_id == person_id))
        # As they are now: what a request found at its beginning may be over.
        .join(people, sa.and_(people.c.id == person_id, people.c.is_verified, ~people.c.is_disabled))
        .where(room)
    )


BY_SLUG: Final = Statement(_found(rooms.c.slug == sa.bindparam("slug"), sa.bindparam("person")))
BY_ID: Final = Statement(_found(rooms.c.id == sa.bindparam("id"), sa.bindparam("person")))


async def find(db: Database, slug: str, person_id: int) -> Found | None:
    """The room of that slug; None for a person who is shut out, too."""
    return _to_found(await db.hot_one(BY_SLUG, slug=slug, person=person_id))


async def find_by_id(db: Database, room_id: int, person_id: int) -> Found | None:
    return _to_found(await db.hot_one(BY_ID, id=room_id, person=person_id))


async def find_in(tx: Transaction, slug: str, person_id: int) -> Found | None:
    """As :func:`find`, as the transaction sees it."""
    return _to_found(await tx.one(_found(rooms.c.slug == slug, person_id)))


async def find_beside(writer: Writer, slug: str, person_id: int) -> Found | None:
    """As :func:`find`, in the transaction of a batch."""
    rows = await writer.rows(BY_SLUG, slug=slug, person=person_id)
    return _to_found(rows[0] if rows else None)


def _to_found(row: Any) -> Found | None:
    return (Room(*row[:-5]), row[-5], to_mark(*row[-4:-1]), bool(row[-1])) if row else None


async def heir(tx: Transaction, room_id: int) -> Member | None:
    """Who has been in the room longest, if it has no owner that can act and somebody else who can."""
    found = await tx.one(
        sa.select(*_MEMBER)
        .join(people, people.c.id == memberships.c.person_id)
        .where(memberships.c.room_id == room_id, people.c.is_disabled.is_(False), people.c.is_verified)
        .order_by(memberships.c.role == "member", memberships.c.joined_at, people.c.id)
    )
    return Member(*found) if found and found.role != "owner" else None


async def set_role(tx: Transaction, room_id: int, person_id: int, role: Role) -> None:
    membership = (memberships.c.room_id == room_id, memberships.c.person_id == person_id)
    await tx.execute(sa.update(memberships).where(*membership).values(role=role))


async def set_level(tx: Transaction, room_id: int, person_id: int, level: Level) -> bool:
    """Whether it was another before; that is kept."""
    changed = await tx.execute(
        sa.update(memberships)
        .where(memberships.c.room_id == room_id, memberships.c.person_id == person_id, memberships.c.level != level)
        .values(level=level, level_before=memberships.c.level)
    )
    return changed.rowcount > 0


async def levels(tx: Transaction, room_id: int, person_id: int) -> tuple[Level, Level]:
    """As it is, and as it was before."""
    membership = (memberships.c.room_id == room_id, memberships.c.person_id == person_id)
    row = await tx.one(sa.select(memberships.c.level, memberships.c.level_before).where(*membership))
    return (row[0], row[1]) if row else ("all", "all")


async def ownerless(tx: Transaction, person_id: int) -> list[Room]:
    """The rooms this person is in that have no owner who can act."""
    owning = memberships.alias()
    can_act = sa.and_(people.c.id == owning.c.person_id, people.c.is_disabled.is_(False), people.c.is_verified)
    owned = sa.exists().where(owning.c.room_id == rooms.c.id, owning.c.role == "owner", can_act)
    found = sa.select(*ROOM).join(memberships, memberships.c.room_id == rooms.c.id)
    return [Room(*row) for row in await tx.all(found.where(memberships.c.person_id == person_id, ~owned))]


async def members(db: Reader, room_id: int) -> list[Member]:
    """Without the disabled, in no order."""
    rows = await db.all(
        sa.select(*_MEMBER)
        .join(people, people.c.id == memberships.c.person_id)
        .where(memberships.c.room_id == room_id, people.c.is_disabled.is_(False))
    )
    return [Member(*row) for row in rows]
