"""Who is here, as somebody sees it who shares a room with them; and hiding it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from chatapp.core import validation
from chatapp.core.limits import Limits
from chatapp.core.models import Person, Presence
from chatapp.core.notices import PresenceChanged
from chatapp.core.rooms import RoomView
from chatapp.domain.news import News
from chatapp.realtime.audience import Listener
from chatapp.storage import people
from chatapp.storage.database import Database


class Whereabouts:
    """Of people, from the sockets that are open."""

    def __init__(self, *, database: Database, news: News, limits: Limits) -> None:
        self._database = database
        self._news = news
        self._limits = limits
        self._board = news.presence

    async def set_hidden(self, actor: Person, is_hidden: bool) -> Person:
        """Be shown as offline to everybody from now on, or no longer."""
        return await self._set(actor, is_hidden=is_hidden)

    async def set_away(self, actor: Person, status: str = "") -> Person:
        """Be shown as away wherever one is online, and why. Raises ``Invalid``."""
        return await self._set(actor, is_away=True, status=validation.status(status))

    async def set_back(self, actor: Person) -> Person:
        """Be shown as what one does again, hidden or not as before."""
        return await self._set(actor, is_away=False, status="")

    async def _set(self, actor: Person, **values: bool | str) -> Person:
        self._limits.act("settings", actor.id)
        async with self._database.transaction() as tx:
            person = await people.update(tx, actor.id, **values)
            await self._news.say(tx, PresenceChanged(actor.id))
        return person

    def seen_from(self, rooms: Iterable[RoomView]) -> Callable[[str], Presence]:
        """Of a username, for a person who has these in their list of rooms."""
        inside = frozenset(view.room.id for view in rooms if view.is_member)
        return partial(self._board.presence_of, rooms=inside)

    def came(self, socket: Listener) -> None:
        self._board.came(socket)

    def use(self, socket: Listener, *, is_active: bool) -> None:
        """The person does something there, or has not for a while; from now on the socket is told who is here."""
        self._board.use(socket, is_active=is_active)

    def went(self, socket: Listener, *, is_lost: bool) -> None:
        """``is_lost``: it was silent for long before."""
        self._board.went(socket, is_lost=is_lost)
