"""Answering a message with an emoji."""

from __future__ import annotations

from chatapp.core.emoji import qualified
from chatapp.core.errors import invalid
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Message, Person
from chatapp.domain.access import Access
from chatapp.storage.batch import React
from chatapp.storage.journal import Journal


class Reactions:
    """All methods raise ``NotFound`` for a room the actor is not in and for a message that is not there or deleted,
    ``Invalid`` for what is not exactly one emoji, ``Conflict`` for a damaged message, and ``RateLimited``."""

    def __init__(self, *, access: Access, journal: Journal, limits: Limits) -> None:
        self._access = access
        self._journal = journal
        self._limits = limits

    async def add(self, actor: Person, slug: str, index: int, emoji: str) -> Message:
        """The message as it is then; where the actor has given that emoji before, as it is now.

        Raises ``Conflict`` for one emoji too many.
        """
        return await self._turn(actor, slug, index, emoji, is_given=True)

    async def remove(self, actor: Person, slug: str, index: int, emoji: str) -> Message:
        """Take one's own back; where there is none, nothing changes."""
        return await self._turn(actor, slug, index, emoji, is_given=False)

    async def _turn(self, actor: Person, slug: str, index: int, emoji: str, *, is_given: bool) -> Message:
        known = qualified(emoji)
        if not known:
            raise invalid("emoji", _("This is not an emoji."))
        self._limits.act("reaction", actor.id)
        room_id = await self._access.id_for(actor, slug)
        return await self._journal.append(React(room_id, actor.id, index, known, is_given))
