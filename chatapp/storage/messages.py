"""Reading a room's log: from memory where it is there, else from the database."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import sqlalchemy as sa

from chatapp.core.models import History, Message, message_id
from chatapp.storage import hot
from chatapp.storage.database import Database
from chatapp.storage.statement import Statement
from chatapp.storage.tables import messages, people
from chatapp.storage.tail import Tail, Tails


class Log:
    """What was said in every room. All reads are of one moment, with the room's top at that moment.

    ``at_least``: a version that the room is known to have, so that nobody gets less than what was answered before.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tails = Tails(self._newest)

    async def recent(self, room_id: int, limit: int, at_least: int = 0) -> History:
        """The newest messages, oldest first."""
        return (await self._tail(room_id, at_least)).recent(limit) or await self._newest(room_id, limit)

    async def before(self, room_id: int, index: int, limit: int) -> History:
        """The messages just below ``index``, oldest first."""
        return await self._select(hot.NEWEST_FIRST, room_id, limit, high=message_id(room_id, index))

    async def after(self, room_id: int, index: int, limit: int) -> History:
        """The messages just above ``index``, oldest first."""
        return await self._select(hot.OLDEST_FIRST, room_id, limit, low=message_id(room_id, index))

    async def one(self, room_id: int, index: int) -> Message | None:
        history = await self.after(room_id, index - 1, 1)
        found = history.messages[0] if history.messages else None
        return found if found is not None and found.index == index else None

    async def pinned(self, room_id: int, limit: int) -> History:
        """What is pinned in the room, what was pinned last first."""
        return hot.to_history(await self._database.hot(hot.PINNED, room=room_id, limit=limit))

    async def some(self, room_id: int, indexes: Collection[int]) -> list[Message]:
        """Those of that ``indexes`` that there are, in no order."""
        ids = [message_id(room_id, index) for index in indexes]
        asked = sa.select(*hot.MESSAGE).outerjoin(people, people.c.id == messages.c.author_id)
        rows = await self._database.all(asked.where(messages.c.id.in_(ids), messages.c.room_id == room_id))
        return [hot.to_message(tuple(row)) for row in rows]

    async def changes(self, room_id: int, version: int, most: int, at_least: int = 0) -> History:
        """What changed after ``version``, by version: the first ``most``, incomplete when there is more."""
        tail = await self._tail(room_id, at_least)
        history = tail.changes(version) or await self.since(room_id, version, most + 1)
        if len(history.messages) <= most:
            return history
        return msgspec.structs.replace(history, messages=history.messages[:most], is_complete=False)

    async def since(self, room_id: int, version: int, limit: int) -> History:
        """The first changes after ``version``, by version, from the database."""
        return hot.to_history(await self._database.hot(hot.CHANGES, room=room_id, version=version, limit=limit))

    async def _tail(self, room_id: int, at_least: int) -> Tail:
        # Where nobody else writes, it knows of every commit that was answered.
        return await self.tails.of(room_id, at_least if self._database.is_shared else 0)

    async def _newest(self, room_id: int, limit: int) -> History:
        return await self._select(hot.NEWEST_FIRST, room_id, limit)

    async def _select(self, statement: Statement, room_id: int, limit: int, **narrower: int) -> History:
        rows = await self._database.hot(statement, **(hot.bounds(room_id) | narrower), limit=limit)
        return hot.to_history(rows, newest_first=statement is hot.NEWEST_FIRST)
