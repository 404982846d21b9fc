"""The messages that a room keeps at hand."""

from __future__ import annotations

from chatapp.core.clock import Clock
from chatapp.core.limits import Limits
from chatapp.core.models import History, Message, Person
from chatapp.domain.access import Access
from chatapp.storage.batch import MOST_PINS, Pin
from chatapp.storage.journal import Journal
from chatapp.storage.messages import Log


class Pins:
    """Every member may pin and unpin. All methods raise ``NotFound`` for a room the actor is not in."""

    def __init__(self, *, access: Access, journal: Journal, log: Log, limits: Limits, clock: Clock) -> None:
        self._access = access
        self._journal = journal
        self._log = log
        self._limits = limits
        self._clock = clock

    async def add(self, actor: Person, slug: str, index: int) -> Message:
        """The message as it is then; where it is pinned already, as it is now.

        Raises ``NotFound`` for a message that is not there or deleted, ``Conflict`` for a damaged one and for one pin
        too many, ``RateLimited``.
        """
        return await self._turn(actor, slug, index, self._clock())

    async def remove(self, actor: Person, slug: str, index: int) -> Message:
        """Where it is not pinned, nothing changes. Raises as :meth:`add`."""
        return await self._turn(actor, slug, index, None)

    async def all(self, actor: Person, slug: str) -> History:
        """Every pinned message of the room, what was pinned last first."""
        room = await self._access.room_for(actor, slug)
        found = await self._log.pinned(room.id, MOST_PINS)
        # Asked again: whoever was removed in between does not get what was said after.
        await self._access.room_for(actor, slug)
        return found

    async def _turn(self, actor: Person, slug: str, index: int, at: int | None) -> Message:
        self._limits.act("pin", actor.id)
        room_id = await self._access.id_for(actor, slug)
        return await self._journal.append(Pin(room_id, actor.id, index, at))
