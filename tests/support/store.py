"""Storage by itself: people, rooms and a running journal on a real file, without the rest of the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from chatapp.core.audit_log import draft
from chatapp.core.models import Message, Person, Room
from chatapp.storage import memberships, people, rooms
from chatapp.storage.batch import Delete, Edit, Pin, Post, React
from chatapp.storage.database import Database
from chatapp.storage.journal import Journal
from chatapp.storage.messages import Log
from chatapp.storage.postgres import open_postgres
from chatapp.storage.sqlite import SqliteDatabase, open_database
from tests.support.engine import ON_POSTGRES, url_of

NOW: Final = 1_790_000_000_000


class Store:
    """``calls`` holds what was announced, a list per announcement."""

    def __init__(self, database: Database, path: Path = Path()) -> None:
        self.database = database
        self.path = path
        self.log = Log(database)
        self.calls: list[tuple[int, list[Message]]] = []
        self.journal = Journal(database, self.log.tails, self._note)

    @property
    def announced(self) -> list[Message]:
        return [message for _, messages in self.calls for message in messages]

    @property
    def file(self) -> SqliteDatabase:
        """The same, for what is about a file."""
        assert isinstance(self.database, SqliteDatabase)
        return self.database

    async def person(self, username: str) -> Person:
        async with self.database.transaction() as tx:
            return await people.insert(
                tx,
                username=username,
                email=f"{username}@example.org",
                display_name=username.title(),
                password_hash="",
                is_admin=False,
                is_verified=True,
                at=NOW,
            )

    async def room(self, slug: str, *members: Person) -> Room:
        async with self.database.transaction() as tx:
            room = await rooms.insert(tx, slug=slug, name=slug, topic="", kind="open", created_by=None, at=NOW)
            assert room is not None
            for member in members:
                await memberships.insert(tx, room.id, member.id, "member", 0, NOW)
        return room

    async def says(self, by: Person, content: str, room: Room, **more: Any) -> Message:
        return await self.journal.append(post(by, content, room, **more))

    async def edits(self, by: Person, index: int, content: str, room: Room) -> Message:
        return await self.journal.append(Edit(room.id, by.id, NOW + 1, index, content))

    async def deletes(self, by: Person, index: int, room: Room) -> Message:
        note = draft(NOW + 2, by, "message.deleted", f"{room.slug}/{index}")
        return await self.journal.append(Delete(room.id, by.id, NOW + 2, index, note))

    async def gives(self, room: Room, to: Person) -> None:
        """Who becomes its owner."""
        async with self.database.transaction() as tx:
            await memberships.set_role(tx, room.id, to.id, "owner")

    async def reacts(self, by: Person, index: int, emoji: str, room: Room, *, is_given: bool = True) -> Message:
        return await self.journal.append(React(room.id, by.id, index, emoji, is_given))

    async def pins(self, by: Person, index: int, room: Room, *, at: int | None = NOW) -> Message:
        return await self.journal.append(Pin(room.id, by.id, index, at))

    async def stored(self, room: Room) -> list[Message]:
        """The room's whole log as it is in the file, by index."""
        return list((await Log(self.database).after(room.id, 0, 1_000_000)).messages)

    def _note(self, room_id: int, changes: Sequence[Message]) -> None:
        self.calls.append((room_id, list(changes)))


async def all_at_once(*works: Any) -> list[Any]:
    """What each came to, refusals included."""
    return await asyncio.gather(*works, return_exceptions=True)


def post(by: Person, content: str, room: Room, **more: Any) -> Post:
    return Post(room.id, by.id, NOW, content, **more)


def indexes(messages: Sequence[Message]) -> list[int]:
    return [message.index for message in messages]


def versions(messages: Sequence[Message]) -> list[int]:
    return [message.version for message in messages]


def contents(messages: Sequence[Message]) -> list[str]:
    return [message.content for message in messages]


def opened(path: Path) -> AbstractAsyncContextManager[Database]:
    """The migrated database at that path."""
    if ON_POSTGRES:
        return open_postgres(url_of(path.parent), folder=path.parent, clock=lambda: NOW)
    return open_database(path, clock=lambda: NOW)


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[Store]:
    """On a migrated file; the journal writes until the block ends."""
    async with opened(path) as database:
        store = Store(database, path)
        async with store.journal.running():
            yield store
