"""What is to be sent to subscribed browsers, and up to where each room's log is decided, as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from chatapp.storage.database import Reader, Transaction
from chatapp.storage.tables import push_cursors, push_subscriptions, pushes, rooms

_COLUMNS: Final = (
    pushes.c.id,
    pushes.c.subscription_id,
    pushes.c.room_id,
    pushes.c.index,
    pushes.c.count,
    pushes.c.is_held,
    pushes.c.attempts,
)


class Push(msgspec.Struct, frozen=True):
    """To one browser: that ``count`` posts have come in a room, ``index`` the newest. Without a room: a test."""

    id: int
    subscription_id: int
    room_id: int | None
    index: int
    count: int
    is_held: bool
    attempts: int


class NewPush(msgspec.Struct, frozen=True):
    subscription_id: int
    room_id: int
    index: int
    count: int
    due_at: int


class Behind(msgspec.Struct, frozen=True):
    """A room with posts that nobody has looked at. ``reached`` None: no post of it was ever looked at."""

    room_id: int
    is_direct: bool
    reached: int | None
    top: int


# In words that both engines know. Who has ended their session meanwhile is told nothing.
ADD: Final = sa.text(
    'INSERT INTO pushes (subscription_id, room_id, "index", count, due_at) '
    "SELECT id, :room_id, :index, :count, :due_at FROM push_subscriptions WHERE id = :subscription_id "
    "ON CONFLICT (subscription_id, room_id) "
    'DO UPDATE SET "index" = excluded."index", count = pushes.count + excluded.count'
)


async def put_test(tx: Transaction, subscription_id: int) -> None:
    """In place of one that waits."""
    mine = (pushes.c.subscription_id == subscription_id, pushes.c.room_id.is_(None))
    await tx.execute(sa.delete(pushes).where(*mine))
    await tx.execute(sa.insert(pushes).values(subscription_id=subscription_id, due_at=tx.at))


async def add(tx: Transaction, some: Sequence[NewPush]) -> None:
    """Each together with what waits already of that room, when that is due."""
    await tx.execute(ADD, [msgspec.structs.asdict(each) for each in some])


async def due(db: Reader, now: int, most: int) -> list[Push]:
    """What has been due for longest."""
    asked = sa.select(*_COLUMNS).where(pushes.c.due_at <= now).order_by(pushes.c.due_at, pushes.c.id).limit(most)
    return [Push(*row) for row in await db.all(asked)]


async def claim(tx: Transaction, ids: Collection[int], now: int, *, until: int) -> set[int]:
    """Not due before ``until``; those that were due still, and nobody else has."""
    free = sa.and_(pushes.c.id.in_(ids), pushes.c.due_at <= now)
    taken = await tx.execute(sa.update(pushes).where(free).values(due_at=until).returning(pushes.c.id))
    return set(taken.scalars())


async def next_due_at(db: Reader) -> int | None:
    row = await db.one(sa.select(sa.func.min(pushes.c.due_at)))
    return row[0] if row else None


async def held(db: Reader, subscription_id: int) -> list[Push]:
    mine = (pushes.c.subscription_id == subscription_id, pushes.c.is_held)
    return [Push(*row) for row in await db.all(sa.select(*_COLUMNS).where(*mine).order_by(pushes.c.id))]


async def done(tx: Transaction, told: Collection[Push]) -> None:
    """What was added meanwhile stays, and is due now."""
    for push in told:
        mine = pushes.c.id == push.id
        await tx.execute(sa.delete(pushes).where(mine, pushes.c.count == push.count))
        rest = {"count": pushes.c.count - push.count, "attempts": 0, "is_held": False, "due_at": tx.at}
        await tx.execute(sa.update(pushes).where(mine).values(rest))


async def postpone(tx: Transaction, some: Collection[Push], due_at: int, *, failed: bool = False) -> None:
    attempts = {"attempts": pushes.c.attempts + 1} if failed else {}
    ids = [push.id for push in some]
    await tx.execute(sa.update(pushes).where(pushes.c.id.in_(ids)).values(due_at=due_at, **attempts))


async def spare(tx: Transaction, some: Collection[Push], until: int) -> None:
    """Nothing else is tried at the same browsers before that moment either."""
    same = pushes.c.subscription_id.in_({push.subscription_id for push in some})
    await tx.execute(sa.update(pushes).where(same, pushes.c.due_at < until).values(due_at=until))


async def hold(tx: Transaction, push: Push, until: int) -> None:
    await tx.execute(sa.update(pushes).where(pushes.c.id == push.id).values(is_held=True, due_at=until))


async def release(tx: Transaction, person_id: int) -> None:
    """What is held back for that person is looked at again, now."""
    theirs = sa.select(push_subscriptions.c.id).where(push_subscriptions.c.person_id == person_id)
    held_back = (pushes.c.is_held, pushes.c.subscription_id.in_(theirs))
    await tx.execute(sa.update(pushes).where(*held_back).values(due_at=tx.at))


async def forget(tx: Transaction, room_id: int, person_id: int) -> None:
    """What waits for that person of that room is not told any more."""
    theirs = sa.select(push_subscriptions.c.id).where(push_subscriptions.c.person_id == person_id)
    await tx.execute(sa.delete(pushes).where(pushes.c.room_id == room_id, pushes.c.subscription_id.in_(theirs)))


# The cursor


async def behind(db: Reader) -> list[Behind]:
    reached = push_cursors.c.index
    asked = sa.select(rooms.c.id, rooms.c.kind == "direct", reached, rooms.c.last_index)
    asked = asked.outerjoin(push_cursors, push_cursors.c.room_id == rooms.c.id)
    asked = asked.where(rooms.c.last_index > sa.func.coalesce(reached, 0)).order_by(rooms.c.id)
    return [Behind(row[0], bool(row[1]), row[2], row[3]) for row in await db.all(asked)]


async def reach(tx: Transaction, room: Behind, index: int) -> bool:
    """Move the cursor; False when somebody else has moved it meanwhile."""
    here = push_cursors.c.room_id == room.room_id
    row = await tx.one(sa.select(push_cursors.c.index).where(here))
    if (row[0] if row else None) != room.reached:
        return False
    if row is None:
        await tx.execute(sa.insert(push_cursors).values(room_id=room.room_id, index=index))
    else:
        await tx.execute(sa.update(push_cursors).where(here).values(index=index))
    return True
