"""The index of messages in tables of its own on a PostgreSQL server, with what every server has: tsvector and GIN.

Of several processes one writes it: whoever holds an advisory lock for as long as its connection lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg
import msgspec
import sqlalchemy as sa

from chatapp.core.errors import Unavailable
from chatapp.core.search import Token
from chatapp.storage import postgres_errors as errors
from chatapp.storage.engine import AsyncConnection
from chatapp.storage.postgres_engine import Asked as Connected
from chatapp.storage.postgres_engine import driver_of, engine
from chatapp.storage.postgres_start import in_words
from chatapp.storage.search import (
    AWAY,
    SEARCH_SECONDS,
    SHAPE,
    SLOW,
    Asked,
    Entry,
    Found,
    SearchIndex,
    position,
)

READERS: Final = 2
# Next to those of postgres.py and postgres_start.py.
LOCK: Final = 0x63686176
OPENING: Final = 0x63686177
TABLES: Final = """
    DROP TABLE IF EXISTS search_about, search_reached, search_entries;
    CREATE TABLE search_about (key text PRIMARY KEY, value text NOT NULL);
    CREATE TABLE search_reached (room_id bigint PRIMARY KEY, version bigint NOT NULL);
    CREATE TABLE search_entries (
        position bigint PRIMARY KEY, message_id bigint NOT NULL UNIQUE, tokens tsvector NOT NULL
    );
    CREATE INDEX search_entries_tokens ON search_entries USING gin (tokens);
"""
IS_THERE: Final = "SELECT to_regclass('search_about') IS NOT NULL"
ABOUT: Final = "SELECT key, value FROM search_about"
FOLLOW: Final = "SELECT pg_try_advisory_lock($1)"
REACHED: Final = "SELECT room_id, version FROM search_reached"
_IN_ROOMS: Final = "(message_id >> 32) = ANY($1::bigint[])"
_BETWEEN: Final = "position >= $2 AND position < $3"
_FOUND: Final = f"SELECT position, message_id FROM search_entries WHERE {_IN_ROOMS} AND {_BETWEEN}"  # noqa: S608 - of constants
_NEWEST: Final = "ORDER BY position DESC LIMIT $4"
# A search is answered from here where what is looked for is said often.
NEWEST_ENTRIES: Final = 2000
AMONG_NEWEST: Final = f"""
    SELECT position, message_id FROM (
        SELECT * FROM search_entries WHERE {_BETWEEN} ORDER BY position DESC LIMIT {NEWEST_ENTRIES}
    ) AS newest WHERE {_IN_ROOMS} AND tokens @@ $5::text::tsquery {_NEWEST}
"""  # noqa: S608 - of constants
# The sums keep the planner from walking through all messages. It would: of beginnings of words, of rooms and of a
# prepared statement's values it knows nothing, and guesses.
MATCHING: Final = f"""
    SELECT position, message_id FROM search_entries
    WHERE tokens @@ $5::text::tsquery AND {_IN_ROOMS} AND position + 0 >= $2 AND position + 0 < $3
    ORDER BY position + 0 DESC LIMIT $4
"""  # noqa: S608 - of constants
SCANNING: Final = f"""
    {_FOUND} AND ($5::text = '' OR tokens @@ $5::text::tsquery)
    AND NOT EXISTS (SELECT 1 FROM unnest($6::text[]) AS part WHERE strpos(tokens::text, part) = 0) {_NEWEST}
"""  # noqa: S608 - of constants
BOTTOM: Final = """
    SELECT position FROM search_entries WHERE position < $1 AND position >= $2
    ORDER BY position DESC LIMIT 1 OFFSET $3
"""
KNOWN: Final = "SELECT position FROM search_entries WHERE message_id = $1"
LAST: Final = "SELECT max(position) FROM search_entries WHERE position < $1"
PUT: Final = """
    INSERT INTO search_entries VALUES ($1, $2, $3::text::tsvector)
    ON CONFLICT (message_id) DO UPDATE SET tokens = excluded.tokens
"""
NOTE: Final = """
    INSERT INTO search_reached VALUES ($1, $2) ON CONFLICT (room_id) DO UPDATE SET version = excluded.version
"""

T = TypeVar("T")
Driver: TypeAlias = "asyncpg.Connection[Any]"


class PostgresSearchIndex(SearchIndex):
    """Opened by :func:`open_index`. Its commits wait for no disk: what is lost with the server is indexed again."""

    def __init__(self, url: str, epoch: str) -> None:
        self._expected = {"epoch": epoch, "shape": SHAPE}
        self._readers = engine(url, Connected("normal", is_reader=True), READERS)
        self._writers = engine(url, Connected("normal"), 1)
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Begin anew unless it was made of this life of the database."""
        await self._write(lambda db, _: _begin_anew(db, self._expected, is_needed=False))

    async def reached(self) -> dict[int, int]:
        return await self._read(_reached)

    async def leads(self) -> bool:
        return await self._write(_leads)

    async def store(self, room_id: int, version: int, entries: Sequence[Entry]) -> None:
        await self._write(lambda db, _: _store(db, room_id, version, entries))

    async def clear(self) -> None:
        await self._write(lambda db, _: _begin_anew(db, self._expected, is_needed=True))

    async def find(self, asked: Asked, limit: int) -> list[Found]:
        if asked.every or asked.some:
            return await self._read(lambda db: _matching(db, asked, limit))
        return await self._read(lambda db: _found(db, SCANNING, asked, limit, match(asked), []))

    async def scan(self, asked: Asked, inside: Sequence[str], rows: int, limit: int) -> tuple[list[Found], int | None]:
        return await self._read(lambda db: _scan(db, asked, inside, rows, limit))

    async def close(self) -> None:
        await self._readers.dispose()
        await self._writers.dispose()

    async def _read(self, work: Callable[[Driver], Awaitable[T]]) -> T:
        return await self._on(self._readers.connect, lambda db, _: work(db), SLOW)

    async def _write(self, work: Callable[[Driver, AsyncConnection], Awaitable[T]]) -> T:
        async with self._turn:
            return await self._on(self._writers.connect, work, AWAY)

    async def _on(
        self,
        connect: Callable[[], AsyncConnection],
        work: Callable[[Driver, AsyncConnection], Awaitable[T]],
        when_slow: str,
    ) -> T:
        try:
            async with connect() as connection:
                try:
                    return await work(await driver_of(connection), connection)
                except BaseException as error:
                    if errors.is_lost(error) or not isinstance(error, Exception):
                        await asyncio.shield(connection.invalidate())
                    raise
        except TimeoutError as error:
            raise Unavailable(when_slow, retry_after=1) from error
        except sa.exc.TimeoutError as error:
            # Too many others have searched all the while.
            raise Unavailable(AWAY, retry_after=1) from error
        except errors.FAMILY as error:
            if not errors.is_passing(error):
                raise
            raise Unavailable(AWAY, retry_after=1) from error


@asynccontextmanager
async def open_index(url: str, epoch: str) -> AsyncIterator[PostgresSearchIndex]:
    index = PostgresSearchIndex(url, epoch)
    try:
        with in_words(url):
            await index.open()
        yield index
    finally:
        await index.close()


def match(asked: Asked) -> str:
    """What tsquery is asked; every token in quotes, which none of them holds."""
    groups = [_quoted(token) for token in asked.every]
    groups += [f"({' | '.join(_quoted(Token(each)) for each in choice)})" for choice in asked.some]
    groups += [f"!{_quoted(token)}" for token in asked.none]
    return " & ".join(groups)


def _quoted(token: Token) -> str:
    return f"'{token.text}'{':*' if token.is_beginning else ''}"


async def _found(db: Driver, statement: str, asked: Asked, limit: int, *more: Any) -> list[Found]:
    values = (asked.rooms, asked.low, asked.high, limit, *more)
    return [Found(*row) for row in await db.fetch(statement, *values, timeout=SEARCH_SECONDS)]


async def _matching(db: Driver, asked: Asked, limit: int) -> list[Found]:
    """What is common is soon found among the newest, and what is not has few places in the index."""
    wanted = match(asked)
    found = await _found(db, AMONG_NEWEST, asked, limit, wanted)
    return found if len(found) == limit else await _found(db, MATCHING, asked, limit, wanted)


async def _scan(
    db: Driver, asked: Asked, inside: Sequence[str], rows: int, limit: int
) -> tuple[list[Found], int | None]:
    last = await db.fetchval(BOTTOM, asked.high, asked.low, rows)
    part = asked if last is None else msgspec.structs.replace(asked, low=last + 1)
    narrowed = match(msgspec.structs.replace(asked, every=()))
    found = await _found(db, SCANNING, part, limit, narrowed, inside)
    if len(found) == limit:
        return found, found[-1].position
    return found, None if last is None else part.low


async def _reached(db: Driver) -> dict[int, int]:
    return {row[0]: row[1] for row in await db.fetch(REACHED)}


async def _leads(db: Driver, connection: AsyncConnection) -> bool:
    # Each call that is granted would have to be taken back.
    if not connection.info.get("leads"):
        connection.info["leads"] = await db.fetchval(FOLLOW, LOCK)
    return bool(connection.info["leads"])


async def _store(db: Driver, room_id: int, version: int, entries: Sequence[Entry]) -> None:
    async with db.transaction():
        for entry in entries:
            if not entry.tokens:
                await db.execute("DELETE FROM search_entries WHERE message_id = $1", entry.message_id)
                continue
            at = await db.fetchval(KNOWN, entry.message_id)
            if at is None:
                last = await db.fetchval(LAST, position(entry.created_at + 1))
                first = position(entry.created_at)
                at = first if last is None or last < first else last + 1
            await db.execute(PUT, at, entry.message_id, _vector(entry.tokens))
        await db.execute(NOTE, room_id, version)


def _vector(tokens: str) -> str:
    return " ".join(f"'{token}'" for token in tokens.split(" "))


async def _begin_anew(db: Driver, expected: dict[str, str], *, is_needed: bool) -> None:
    async with db.transaction():
        # Others may open it at the same moment.
        await db.execute("SELECT pg_advisory_xact_lock($1)", OPENING)
        if not is_needed and await db.fetchval(IS_THERE):
            found = {row[0]: row[1] for row in await db.fetch(ABOUT)}
            if found == expected:
                return
        await db.execute(TABLES)
        await db.executemany("INSERT INTO search_about VALUES ($1, $2)", list(expected.items()))
