"""A room with people in it has an owner: when the last one goes, whoever has been in it longest becomes it."""

from __future__ import annotations

from chatapp.core.models import Person, Room
from chatapp.core.rooms import GENERAL
from chatapp.storage import audit_log, memberships
from chatapp.storage.database import Transaction


async def settle_all(tx: Transaction, person: Person) -> None:
    """To be called once somebody is shut out, or let back in: the rooms they are in may have no owner then."""
    for room in await memberships.ownerless(tx, person.id):
        await settle(tx, room)


async def settle(tx: Transaction, room: Room) -> None:
    """To be called whenever somebody has come or gone. General is the administrators' to look after."""
    if room.slug == GENERAL or room.kind == "direct":
        return
    heir = await memberships.heir(tx, room.id)
    if heir is not None:
        await memberships.set_role(tx, room.id, heir.person_id, "owner")
        await audit_log.note(tx, None, "member.became_owner", heir.username, room=room.slug)
