"""The index of messages in a file of its own, beside the database: writing it holds up no message.

A backup leaves it out; where it does not belong to the database, or is damaged, it is begun anew.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import structlog

from chatapp.core.errors import Unavailable
from chatapp.core.search import Token
from chatapp.storage import hot
from chatapp.storage.search import (
    AWAY,
    MOST_BEGINNINGS,
    SEARCH_SECONDS,
    SHAPE,
    SLOW,
    Asked,
    Behind,
    Candidate,
    Entry,
    Progress,
    SearchIndex,
)
from chatapp.storage.sqlite_indexing import begin_anew_unless, store

FILE: Final = "search.db"
BESIDE: Final = ("", "-wal", "-shm")
BUSY_SECONDS: Final = 5.0
BEHIND: Final = """
    SELECT r.id, coalesce(x.version, 0), r.last_version FROM rooms r LEFT JOIN reached x ON x.room_id = r.id
    WHERE r.last_version > coalesce(x.version, 0) ORDER BY r.id
"""
PROGRESS: Final = """
    SELECT coalesce(sum(min(coalesce(x.version, 0), r.last_version)), 0), coalesce(sum(r.last_version), 0)
    FROM rooms r LEFT JOIN reached x ON x.room_id = r.id
"""
_MESSAGE: Final = """
    CROSS JOIN memberships s ON s.room_id = (e.message_id >> 32) AND s.person_id = :person
    CROSS JOIN messages m ON m.id = e.message_id LEFT JOIN people p ON p.id = m.author_id
    WHERE NOT m.is_deleted AND e.position < :high AND e.position >= :low
    AND (e.message_id >> 32) IN (SELECT value FROM json_each(:rooms))
"""
MATCHING: Final = f"""
    SELECT e.position, {hot.COLUMNS} FROM words CROSS JOIN entries e ON e.position = words.rowid {_MESSAGE}
    AND words MATCH :match AND words.rowid < :high AND words.rowid >= :low ORDER BY words.rowid DESC LIMIT :limit
"""  # noqa: S608 - of constants
SCANNING: Final = f"""
    SELECT e.position, {hot.COLUMNS} FROM entries e {_MESSAGE}
    AND NOT EXISTS (SELECT 1 FROM json_each(:inside) WHERE NOT instr(e.tokens, value))
    AND NOT EXISTS (SELECT 1 FROM json_each(:none) WHERE instr(e.tokens || ' ', ' ' || value || ' '))
    AND NOT EXISTS (
        SELECT 1 FROM json_each(:some) choice WHERE NOT EXISTS (
            SELECT 1 FROM json_each(choice.value) one WHERE instr(e.tokens || ' ', ' ' || one.value || ' ')
        )
    )
    ORDER BY e.position DESC LIMIT :limit
"""  # noqa: S608 - of constants
BOTTOM: Final = """
    SELECT position FROM entries WHERE position < ? AND position >= ? ORDER BY position DESC LIMIT 1 OFFSET ?
"""
BEGINNING: Final = "SELECT word FROM vocabulary WHERE word >= ? AND word < ? LIMIT ?"
AFTER_ALL: Final = "\U0010ffff"

T = TypeVar("T")

log = structlog.get_logger()


class SqliteSearchIndex(SearchIndex):
    """Opened by :func:`open_index`. One thread reads, another writes."""

    def __init__(self, path: Path, database: Path) -> None:
        self._path = path
        self._database = database
        self._reading = ThreadPoolExecutor(1, "search")
        self._writing = ThreadPoolExecutor(1, "indexing")
        self._turn = asyncio.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None

    async def open(self, epoch: str) -> None:
        """Begin anew unless it was made of this life of the database."""
        await _on(self._writing, lambda: self._open(epoch))

    async def behind(self) -> list[Behind]:
        return [Behind(*row) for row in await self._write(lambda db: db.execute(BEHIND).fetchall())]

    async def progress(self) -> Progress:
        return Progress(*await self._read(lambda db: db.execute(PROGRESS).fetchone()))

    async def store(self, room_id: int, version: int, entries: Sequence[Entry]) -> None:
        await self._write(lambda db: store(db, room_id, version, entries))

    async def candidates(self, asked: Asked, limit: int) -> list[Candidate]:
        return await self._read(lambda db: _candidates(db, asked, limit))

    async def scan(
        self, asked: Asked, inside: Sequence[str], rows: int, limit: int
    ) -> tuple[list[Candidate], int | None]:
        return await self._read(lambda db: _scan(db, asked, inside, rows, limit))

    async def close(self) -> None:
        for thread, connection in ((self._reading, self._reader), (self._writing, self._writer)):
            if connection is not None:
                await _on(thread, connection.close)
            thread.shutdown()

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with _guarded():
            return await _on(self._writing, lambda: work(_open_one(self._writer)))

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        async with self._turn:
            asked = asyncio.ensure_future(_on(self._reading, lambda: work(_open_one(self._reader))))
            done, _ = await asyncio.wait({asked}, timeout=SEARCH_SECONDS)
            if not done and self._reader is not None:
                self._reader.interrupt()
            with _guarded():
                return await asked

    def _open(self, epoch: str) -> None:
        try:
            self._writer = self._connected(epoch)
        except sqlite3.DatabaseError as error:
            log.warning("search.begun_anew", error=str(error))
            for end in BESIDE:
                Path(f"{self._path}{end}").unlink(missing_ok=True)
            self._writer = self._connected(epoch)
        self._reader = _attached(f"{self._path}?mode=ro", self._database)

    def _connected(self, epoch: str) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        connection = _attached(str(self._path), self._database)
        try:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")
            begin_anew_unless(connection, {"epoch": epoch, "shape": SHAPE})
        except BaseException:
            connection.close()
            raise
        return connection


@asynccontextmanager
async def open_index(database: Path, epoch: str) -> AsyncIterator[SqliteSearchIndex]:
    """The index beside an open database file, for the process that holds it."""
    index = SqliteSearchIndex(database.with_name(FILE), database)
    try:
        await index.open(epoch)
        yield index
    finally:
        await index.close()


def match(db: sqlite3.Connection, asked: Asked) -> str:
    """What FTS5 is asked; every token in quotes, which none of them holds."""
    every = [_alternatives(db, token) for token in asked.every]
    some = [" OR ".join(map(_quoted, choice)) for choice in asked.some]
    found = " AND ".join(f"({part})" for part in [*every, *some])
    none = " OR ".join(_alternatives(db, token) for token in asked.none)
    return f"({found}) NOT ({none})" if none else found


def _alternatives(db: sqlite3.Connection, token: Token) -> str:
    if not token.is_beginning:
        return _quoted(token.text)
    beginning = (token.text, token.text + AFTER_ALL, MOST_BEGINNINGS + 1)
    words = [row[0] for row in db.execute(BEGINNING, beginning)]
    if not words or len(words) > MOST_BEGINNINGS:
        # Of so many FTS5 gathers all there is before the first comes out.
        return f"{_quoted(token.text)} *"
    return " OR ".join(map(_quoted, words))


def _quoted(token: str) -> str:
    return f'"{token}"'


def _candidates(db: sqlite3.Connection, asked: Asked, limit: int) -> list[Candidate]:
    if asked.every or asked.some:
        return _found(db, MATCHING, asked, limit=limit, match=match(db, asked))
    return _gone_through(db, asked, (), limit)


def _scan(
    db: sqlite3.Connection, asked: Asked, inside: Sequence[str], rows: int, limit: int
) -> tuple[list[Candidate], int | None]:
    row = db.execute(BOTTOM, (asked.high, asked.low, rows)).fetchone()
    part = msgspec.structs.replace(asked, low=row[0] + 1) if row else asked
    found = _gone_through(db, part, inside, limit)
    if len(found) == limit:
        return found, found[-1].position
    return found, part.low if row else None


def _gone_through(db: sqlite3.Connection, asked: Asked, inside: Sequence[str], limit: int) -> list[Candidate]:
    none = [token.text for token in asked.none]
    return _found(db, SCANNING, asked, limit=limit, inside=_json(inside), none=_json(none), some=_json(asked.some))


def _found(db: sqlite3.Connection, statement: str, asked: Asked, **more: Any) -> list[Candidate]:
    values = {"person": asked.person_id, "low": asked.low, "high": asked.high}
    rows = db.execute(statement, {**values, "rooms": _json(asked.rooms), **more}).fetchall()
    return [Candidate(row[0], hot.to_message(row[1:])) for row in rows]


def _json(values: object) -> str:
    return msgspec.json.encode(values).decode()


def _attached(uri: str, database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{uri}", BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True)
    # A byte that the disk altered must not hide the row it is in.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.execute("ATTACH ? AS chat", (f"file:{database}?mode=ro",))
    return connection


async def _on(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, work)


def _open_one(connection: sqlite3.Connection | None) -> sqlite3.Connection:
    if connection is None:
        raise Unavailable(AWAY)
    return connection


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(SLOW if "interrupted" in str(error) else AWAY, retry_after=1) from error
