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
    found = sa.select(people.c.id, people.c.username, people.c.is_hidden, people.c.is_away, memberships.c.room_id)
    able = (people.c.id.in_(person_ids), people.c.is_disabled.is_(False), people.c.is_verified)
    rows = await db.all(found.outerjoin(memberships, memberships.c.person_id == people.c.id).where(*able))
    rooms: defaultdict[tuple[int, str, bool, bool], set[int]] = defaultdict(set)
    for person_id, username, is_hidden, is_away, room_id in rows:
        theirs = rooms[person_id, username, is_hidden, is_away]
        if room_id is not None:
            theirs.add(room_id)
    return {who[0]: Roommate(who[1], bool(who[2]), bool(who[3]), frozenset(theirs)) for who, theirs in rooms.items()}
