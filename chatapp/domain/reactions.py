"""Answering a message with an emoji."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from chatapp.core.emoji import qualified
from chatapp.core.errors import NotFound, invalid
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Message, Person
from chatapp.domain.access import Access
from chatapp.storage import people
from chatapp.storage.batch import React
from chatapp.storage.database import Database
from chatapp.storage.journal import Journal
from chatapp.storage.messages import Log

# Of those who gave one emoji.
MOST_SHOWN: Final = 500


class Giver(msgspec.Struct, frozen=True):
    username: str
    display_name: str


class Given(msgspec.Struct, frozen=True):
    """An emoji under a message, the first of those who gave it, in the order they did, and how many there are."""

    emoji: str
    givers: tuple[Giver, ...]
    count: int


class Reactions:
    """All methods raise ``NotFound`` for a room the actor is not in and for a message that is not there or deleted,
    ``Invalid`` for what is not exactly one emoji, ``Conflict`` for a damaged message, and ``RateLimited``."""

    def __init__(self, *, database: Database, access: Access, log: Log, journal: Journal, limits: Limits) -> None:
        self._database = database
        self._access = access
        self._log = log
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

    async def given(self, actor: Person, slug: str, index: int) -> Sequence[Given]:
        """Who gave what, in the order of first use; those who have left the room too."""
        room = await self._access.room_for(actor, slug)
        message = await self._log.one(room.id, index)
        if message is None or message.is_deleted:
            raise NotFound
        shown = [(each, each.usernames[:MOST_SHOWN]) for each in message.reactions]
        names = await people.names(self._database, {name for _, usernames in shown for name in usernames})
        # Asked again: whoever was removed in between does not get what was given after.
        await self._access.room_for(actor, slug)
        return [
            Given(each.emoji, tuple(Giver(name, names.get(name, name)) for name in usernames), len(each.usernames))
            for each, usernames in shown
        ]

    async def _turn(self, actor: Person, slug: str, index: int, emoji: str, *, is_given: bool) -> Message:
        known = qualified(emoji)
        if not known:
            raise invalid("emoji", _("This is not an emoji."))
        self._limits.act("reaction", actor.id)
        room_id = await self._access.id_for(actor, slug)
        return await self._journal.append(React(room_id, actor.id, index, known, is_given))
