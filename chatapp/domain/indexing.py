"""Keeps the index of messages behind the log, room by room and version by version: what was interrupted goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from chatapp.core.models import History, Message
from chatapp.core.search import facets
from chatapp.core.searchable import searchable
from chatapp.storage.database import Database
from chatapp.storage.journal import Announce
from chatapp.storage.messages import Log
from chatapp.storage.search import Behind, Entry, Progress, SearchIndex

# Indexed in one transaction.
SLICE: Final = 200
# Of one message: PostgreSQL takes a mebibyte, in UTF-8.
MOST_CHARACTERS: Final = 200_000
# What is said meanwhile is indexed together, unless somebody searches.
GATHER_SECONDS: Final = 0.5
# Where other processes write, nobody says so.
LOOK_SECONDS: Final = 1.0
# So many changes are indexed before a search is answered, which then finds what was just said.
SOON: Final = 1000


class Indexing:
    """Nothing on the path of a message: the log is read again, after its commit."""

    def __init__(self, *, database: Database, index: SearchIndex, log: Log) -> None:
        self._database = database
        self.index = index
        self._log = log
        self._grown = asyncio.Event()
        self._turn = asyncio.Lock()

    def after(self, announce: Announce) -> Announce:
        """What announces a commit, and then has this look for it."""

        def committed(room_id: int, changes: Sequence[Message]) -> None:
            announce(room_id, changes)
            self._grown.set()

        return committed

    async def next(self) -> bool:
        """Index a slice of every room that is behind; False when none was."""
        async with self._turn:
            self._grown.clear()
            behind = await self.index.behind()
            for room in behind:
                history = await self._log.since(room.room_id, room.version, SLICE)
                # On a thread: a long message takes milliseconds.
                entries = await asyncio.to_thread(_entries, history.messages)
                await self.index.store(room.room_id, _reached(room, history), entries)
            return bool(behind)

    async def wait(self) -> None:
        """Return when there may be something to index, with what comes right after it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS if self._database.is_shared else None):
                await self._grown.wait()
        await asyncio.sleep(GATHER_SECONDS)

    async def catch_up(self) -> Progress:
        """Index what was said just now; where the index stands then."""
        for _ in range(SOON // SLICE):
            progress = await self.index.progress()
            if not 0 < progress.left <= SOON:
                return progress
            await self.next()
        return await self.index.progress()


def _reached(room: Behind, history: History) -> int:
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
    of_words = searchable(message.content)
    if len(of_words) > MOST_CHARACTERS:
        of_words = of_words[:MOST_CHARACTERS].rpartition(" ")[0]
    return " ".join([of_words, *facets(message)])
