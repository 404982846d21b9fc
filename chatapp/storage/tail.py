"""The newest part of each active room's log in memory, kept in step with every commit.

Other processes write too: a tail that has missed something is forgotten and read again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from chatapp.core.models import History, Message

MESSAGES: Final = 100
CHARACTERS: Final = 262_144
ROOMS: Final = 128
MOST_LOADS: Final = 3


class Tail:
    """The last messages of one room, as they are now.

    Every change with a version above ``floor`` is inside, so catching up from there needs no database.
    """

    def __init__(self, history: History) -> None:
        self.index = history.index
        self.version = history.version
        self.floor = 0 if len(history.messages) == history.index else history.version
        self._messages = {message.index: message for message in history.messages}
        self._characters = sum(message.characters for message in history.messages)
        self._given: tuple[int, History] | None = None

    def apply(self, changes: Sequence[Message]) -> bool:
        """False when others are missing before these."""
        for message in changes:
            if message.version > self.version + 1:
                return False
            if message.version > self.version:
                self._apply(message)
        return True

    def recent(self, limit: int) -> History | None:
        """The newest ``limit`` messages, or None when they are not all here.

        The same object as the last time while nothing has changed: what is made of it can be kept as long.
        """
        if limit > len(self._messages) and len(self._messages) < self.index:
            return None
        if self._given is None or self._given[0] != limit:
            chosen = list(self._messages.values())[-limit:] if limit else []
            self._given = limit, History(tuple(chosen), self.index, self.version)
        return self._given[1]

    def changes(self, after: int) -> History | None:
        """What changed since ``after``, in version order, or None when some of it is not here."""
        # Who has read a commit from the database before it was told here is ahead of this.
        if not self.floor <= after <= self.version:
            return None
        chosen = [message for message in self._messages.values() if message.version > after]
        chosen.sort(key=lambda message: message.version)
        return History(tuple(chosen), self.index, self.version)

    def _apply(self, message: Message) -> None:
        self.version, self._given = message.version, None
        is_new = message.index > self.index
        old = self._messages.get(message.index)
        if not is_new and old is None:
            self.floor = message.version
            return
        self._characters += message.characters - (old.characters if old else 0)
        self._messages[message.index] = message
        self.index = max(self.index, message.index)
        while len(self._messages) > MESSAGES or (self._characters > CHARACTERS and len(self._messages) > 1):
            oldest = self._messages.pop(next(iter(self._messages)))
            self._characters -= oldest.characters
            self.floor = max(self.floor, oldest.version)


class Tails:
    """The tails of the rooms used last. ``read`` loads one from the database."""

    def __init__(self, read: Callable[[int, int], Awaitable[History]]) -> None:
        self._read = read
        self._tails: OrderedDict[int, Tail] = OrderedDict()
        self._loading: dict[int, asyncio.Future[Tail]] = {}
        self._news: dict[int, list[Message]] = {}

    async def of(self, room_id: int, at_least: int = 0) -> Tail:
        """One that knows of everything up to the version ``at_least``, which the room is known to have."""
        tail = await self._any(room_id)
        for _ in range(MOST_LOADS):
            if tail.version >= at_least:
                break
            # What has begun to be read before that version was known may have been read without it.
            self._tails.pop(room_id, None)
            tail = await self._any(room_id)
        return tail

    def known(self, room_id: int) -> Tail | None:
        tail = self._tails.get(room_id)
        if tail is not None:
            self._tails.move_to_end(room_id)
        return tail

    def apply(self, room_id: int, changes: Sequence[Message]) -> None:
        """Take in what was just committed; called in the order of commits."""
        if room_id in self._news:
            self._news[room_id].extend(changes)
        elif (tail := self._tails.get(room_id)) is not None and not tail.apply(changes):
            del self._tails[room_id]

    def reached(self, room_id: int, version: int) -> None:
        """The room has come so far; what of it is not here is to be read."""
        tail = self._tails.get(room_id)
        if tail is not None and tail.version < version:
            del self._tails[room_id]
        # What is being read may have been read before.
        self._loading.pop(room_id, None)
        self._news.pop(room_id, None)

    def forget(self) -> None:
        """Start afresh, as after a change of a display name."""
        self._tails.clear()
        self._loading.clear()
        self._news.clear()

    async def _any(self, room_id: int) -> Tail:
        tail = self.known(room_id)
        if tail is None:
            loading = self._loading.get(room_id) or self._start(room_id)
            tail = await asyncio.shield(loading)
        return tail

    def _start(self, room_id: int) -> asyncio.Future[Tail]:
        # News is gathered from before the read, so that nothing falls between read and commit.
        self._news[room_id] = []
        loading = asyncio.ensure_future(self._load(room_id))
        self._loading[room_id] = loading
        # Where everybody has gone who waited for it, nobody asks what became of it.
        loading.add_done_callback(lambda done: done.cancelled() or done.exception())
        return loading

    async def _load(self, room_id: int) -> Tail:
        me = asyncio.current_task()
        try:
            tail = Tail(await self._read(room_id, MESSAGES))
        except BaseException:
            if self._loading.get(room_id) is me:
                del self._loading[room_id], self._news[room_id]
            raise
        if self._loading.get(room_id) is me:
            is_whole = tail.apply(self._news.pop(room_id))
            del self._loading[room_id]
            if is_whole:
                self._keep(room_id, tail)
        return tail

    def _keep(self, room_id: int, tail: Tail) -> None:
        self._tails[room_id] = tail
        while len(self._tails) > ROOMS:
            self._tails.popitem(last=False)
