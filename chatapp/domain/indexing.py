"""Keeps the index of messages behind the log, room by room and version by version: what was interrupted goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from chatapp.core.errors import Unavailable
from chatapp.core.models import History, Message
from chatapp.core.search import facets, wording
from chatapp.core.searchable import searchable
from chatapp.domain.turns import Turns
from chatapp.storage import search
from chatapp.storage.database import Database
from chatapp.storage.journal import Announce
from chatapp.storage.messages import Log
from chatapp.storage.search import Entry, SearchIndex

# Indexed in one transaction.
SLICE: Final = 200
# Of one message: PostgreSQL takes a mebibyte, in UTF-8.
MOST_CHARACTERS: Final = 200_000
# What is said meanwhile is indexed together, unless somebody searches.
GATHER_SECONDS: Final = 0.5
# Where other processes write, nobody says so.
LOOK_SECONDS: Final = 1.0
FORGET_MS: Final = 3_600_000
# So many changes are indexed before a search is answered, which then finds what was just said.
SOON: Final = 1000


class Progress(msgspec.Struct, frozen=True):
    """How many changes of some rooms are indexed, and how many there are."""

    done: int = 0
    total: int = 0

    @property
    def left(self) -> int:
        return self.total - self.done


class Indexing:
    """Nothing on the path of a message: the log is read again, after its commit."""

    def __init__(self, *, database: Database, index: SearchIndex, log: Log) -> None:
        self._database = database
        self.index = index
        self._log = log
        self._grown = asyncio.Event()
        self._turn = asyncio.Lock()
        self._turns = Turns()
        self._forget_at = 0

    def after(self, announce: Announce) -> Announce:
        """What announces a commit, and then has this look for it."""

        def committed(room_id: int, changes: Sequence[Message]) -> None:
            announce(room_id, changes)
            self._grown.set()

        return committed

    @property
    def has_grown(self) -> bool:
        """Whether something was said since the last slice was begun."""
        return self._grown.is_set()

    async def next(self) -> bool:
        """Index a slice of every room that is behind; False when none was."""
        async with self._turn:
            self._grown.clear()
            if not await self.index.leads():
                return False
            reached, tops = await self.index.reached(), await search.tops(self._database)
            if any(version > tops.get(room_id, 0) for room_id, version in reached.items()):
                # The database has lost what was indexed already: in a power cut, without full durability.
                await self.index.clear()
                reached = {}
            done = {room_id: reached.get(room_id, 0) for room_id in tops}
            behind = {room_id: (room_id, done[room_id]) for room_id, top in tops.items() if top > done[room_id]}
            await self._turns.each(behind, self._index)
            return bool(behind)

    async def _index(self, reached: tuple[int, int]) -> None:
        room_id, version = reached
        history = await self._log.since(room_id, version, SLICE)
        # On a thread: a long message takes milliseconds.
        entries = await asyncio.to_thread(_entries, history.messages)
        await self.index.store(room_id, _reached(history), entries)

    async def progress(self, rooms: Collection[int] | None = None) -> Progress:
        """How much is indexed, of these rooms or of all."""
        # In this order: what is said meanwhile is not indexed.
        reached, tops = await self.index.reached(), await search.tops(self._database)
        counted = {room_id: top for room_id, top in tops.items() if rooms is None or room_id in rooms}
        done = sum(min(reached.get(room_id, 0), top) for room_id, top in counted.items())
        return Progress(done, sum(counted.values()))

    async def forget(self) -> bool:
        """Have no word of what was deleted left on the disk, every hour, step by step; False when that is done."""
        if self._database.clock() < self._forget_at:
            return False
        async with self._turn:
            is_more = await self.index.forget()
        if not is_more:
            self._forget_at = self._database.clock() + FORGET_MS
        return is_more

    async def wait(self) -> None:
        """Return when there may be something to index, with what comes right after it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS if self._database.is_shared else None):
                await self._grown.wait()
        await asyncio.sleep(GATHER_SECONDS)

    async def catch_up(self) -> Progress:
        """Index what was said just now; where the index of all rooms stands then."""
        for _ in range(SOON // SLICE):
            progress = await self.progress()
            if not 0 < progress.left <= SOON:
                return progress
            try:
                if not await self.next():
                    return progress
            except Unavailable:
                # Of a room that cannot be read: the others are searched all the same.
                break
        return await self.progress()


def _reached(history: History) -> int:
    if len(history.messages) < SLICE:
        return history.version
    # The version of a damaged message is not to be trusted.
    sound = [message.version for message in history.messages if not message.is_damaged]
    return max(sound, default=history.version)


def _entries(messages: Sequence[Message]) -> list[Entry]:
    return [Entry(message.id, message.created_at, _tokens(message)) for message in messages]


def _tokens(message: Message) -> str:
    if message.is_deleted or message.is_damaged:
        return ""
    of_words = searchable(wording(message))
    if len(of_words) > MOST_CHARACTERS:
        of_words = of_words[:MOST_CHARACTERS].rpartition(" ")[0]
    # Of nothing but signs there are no words.
    return " ".join(filter(None, [of_words, *facets(message)]))
