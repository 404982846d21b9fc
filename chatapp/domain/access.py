"""The only doors to a room, and to what administrators have: what a person may not see does not exist for them."""

from __future__ import annotations

from typing import Final

from chatapp.core.errors import ChatError, NotFound, Unauthenticated
from chatapp.core.models import Person, Role, Room
from chatapp.core.reads import ReadMark
from chatapp.storage import memberships, people
from chatapp.storage.database import Database, Reader, Transaction, Writer

MOST_IDS: Final = 50_000

Inside = Transaction | Writer
Seen = tuple[Room, Role | None, ReadMark]
"""A room, the role somebody acts in there (None: not in it), and how far they have read."""


class Access:
    """Looks rooms up through the person who asks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[tuple[int, str], int] = {}

    async def room_for(self, actor: Person, slug: str) -> Room:
        """The room, for a member. Raises ``NotFound`` for everybody else."""
        room, _, _ = await self.membership_for(actor, slug)
        return room

    async def room_by_id(self, actor: Person, room_id: int) -> Room:
        """As :meth:`room_for`, for a room whose slug the caller does not have."""
        found = _acting(await memberships.find_by_id(self._database, room_id, actor.id))
        if found is None or found[1] is None:
            raise NotFound
        return found[0]

    async def id_for(self, actor: Person, slug: str) -> int:
        """The room's id, for a change of its log. Raises ``NotFound``.

        Who was let in once is not looked up again: the transaction that stores the change asks whether they still are.
        A room's address and id stay what they are, and no room is ever deleted.
        """
        known = self._ids.get((actor.id, slug))
        if known is None:
            known = (await self.room_for(actor, slug)).id
            if len(self._ids) >= MOST_IDS:
                self._ids.clear()
            self._ids[actor.id, slug] = known
        return known

    async def membership_for(self, actor: Person, slug: str, tx: Inside | None = None) -> tuple[Room, Role, ReadMark]:
        """The room with the role the member acts in, and how far they have read. Raises ``NotFound``."""
        found = await self._find(actor, slug, tx)
        if found is None or found[1] is None:
            raise NotFound
        return found[0], found[1], found[2]

    async def visible_room(self, actor: Person, slug: str, tx: Inside | None = None) -> Seen:
        """The room, for a member or, when it is open, for anybody. Raises ``NotFound``."""
        found = await self._find(actor, slug, tx)
        if found is None:
            raise NotFound
        if found[1] is None and found[0].kind != "open":
            raise NotFound
        return found

    async def _find(self, actor: Person, slug: str, tx: Inside | None) -> Seen | None:
        if actor.is_disabled:
            raise Unauthenticated
        # No room's address is other than ASCII; to ask the database for a lone surrogate would fail.
        if not slug.isascii():
            return None
        if isinstance(tx, Writer):
            return _acting(await memberships.find_beside(tx, slug, actor.id))
        if tx is not None:
            return _acting(await memberships.find_in(tx, slug, actor.id))
        return _acting(await memberships.find(self._database, slug, actor.id))


def _acting(found: memberships.Found | None) -> Seen | None:
    """An administrator acts as an owner where they are a member. As it is now: a socket's person may be out of date."""
    if found is None:
        return None
    room, role, mark, is_admin = found
    return room, "owner" if role is not None and is_admin else role, mark


def may_manage(actor: Person, role: Role | None) -> bool:
    """Owners of a room and administrators who are in it."""
    return role == "owner" or (actor.is_admin and role is not None)


async def administrators_only(db: Reader, actor: Person, refusal: ChatError | None = None) -> None:
    """Let administrators pass; for everybody else raises ``refusal``, or else ``NotFound``."""
    # Read again: the actor was looked up when the request began. Of two who shut out each other, one succeeds.
    admin = await people.by_id(db, actor.id)
    if admin is None or admin.is_disabled or not admin.is_admin:
        raise refusal or NotFound
