"""Who may know of whom: people with the rooms they are in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa

from chatapp.core.models import Roommate
from chatapp.storage.database import Reader
from chatapp.storage.tables import memberships, people


async def roommates(db: Reader, person_ids: Collection[int]) -> dict[int, Roommate]:
    """By id, without those who are shut out or not confirmed yet."""
    found = sa.select(
        people.c.id, people.c.username, people.c.is_hidden, people.c.is_away, people.c.status, memberships.c.room_id
    )
    able = (people.c.id.in_(person_ids), people.c.is_disabled.is_(False), people.c.is_verified)
    rows = await db.all(found.outerjoin(memberships, memberships.c.person_id == people.c.id).where(*able))
    rooms: defaultdict[tuple[int, str, bool, bool, str], set[int]] = defaultdict(set)
    for *who, room_id in rows:
        theirs = rooms[tuple(who)]
        if room_id is not None:
            theirs.add(room_id)
    return {
        person_id: Roommate(username, bool(is_hidden), bool(is_away), frozenset(theirs), status)
        for (person_id, username, is_hidden, is_away, status), theirs in rooms.items()
    }
