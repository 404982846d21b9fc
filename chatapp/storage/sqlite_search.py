"""The index of messages in a file of its own, beside the database: writing it holds up no message.

A backup leaves it out; where it does not belong to the database, or is damaged, it is begun anew.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import structlog

from chatapp.core.errors import Unavailable
from chatapp.core.search import Token
from chatapp.storage.database import Damaged
from chatapp.storage.search import (
    AWAY,
    MOST_BEGINNINGS,
    SEARCH_SECONDS,
    SHAPE,
    SLOW,
    Asked,
    Entry,
    Found,
    SearchIndex,
)
from chatapp.storage.sqlite_indexing import begin_anew, forget, is_as, store
from chatapp.storage.threads import beside_the_loop

FILE: Final = "search.db"
BESIDE: Final = ("", "-wal", "-shm")
BUSY_SECONDS: Final = 5.0
OTHER: Final = "the index belongs to another database"
REACHED: Final = "SELECT room_id, version FROM reached"
_WHERE: Final = """
    WHERE e.position < :high AND e.position >= :low
    AND (e.message_id >> 32) IN (SELECT value FROM json_each(:rooms))
"""
MATCHING: Final = f"""
    SELECT e.position, e.message_id FROM words CROSS JOIN entries e ON e.position = words.rowid {_WHERE}
    AND words MATCH :match AND words.rowid < :high AND words.rowid >= :low ORDER BY words.rowid DESC LIMIT :limit
"""  # noqa: S608 - of constants
SCANNING: Final = f"""
    SELECT e.position, e.message_id FROM entries e {_WHERE}
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
    """Opened by :func:`open_index`. One thread reads, another writes. Where the disk refuses, it is opened later."""

    def __init__(self, path: Path, epoch: str) -> None:
        self._path = path
        self._expected = {"epoch": epoch, "shape": SHAPE}
        self._reading = beside_the_loop("search")
        self._writing = beside_the_loop("indexing")
        self._turn = asyncio.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None

    async def reached(self) -> dict[int, int]:
        return await self._write(lambda db: dict(db.execute(REACHED).fetchall()))

    async def store(self, room_id: int, version: int, entries: Sequence[Entry]) -> None:
        await self._write(lambda db: store(db, room_id, version, entries))

    async def clear(self) -> None:
        await self._write(lambda db: begin_anew(db, self._expected))

    async def forget(self) -> bool:
        return await self._write(forget)

    async def find(self, asked: Asked, limit: int) -> list[Found]:
        return await self._read(lambda db: _find(db, asked, limit))

    async def scan(self, asked: Asked, inside: Sequence[str], rows: int, limit: int) -> tuple[list[Found], int | None]:
        return await self._read(lambda db: _scan(db, asked, inside, rows, limit))

    async def close(self) -> None:
        for thread, end in ((self._reading, self._close_reader), (self._writing, self._close_writer)):
            await _on(thread, end)
            thread.shutdown()

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with _guarded():
                return await _on(self._writing, lambda: work(self._writer or self._open()))
        except Damaged:
            async with self._turn:
                await self._delete()
            raise

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        async with self._turn:
            asked = asyncio.ensure_future(_on(self._reading, lambda: work(self._reader or self._open_reader())))
            try:
                await asyncio.wait({asked}, timeout=SEARCH_SECONDS)
            except asyncio.CancelledError:
                asked.cancel()
                raise
            finally:
                # Of who has gone away, too: whoever asks next would wait for it, and be cut short in its place.
                if self._reader is not None and (asked.cancelling() or not asked.done()):
                    self._reader.interrupt()
            try:
                with _guarded():
                    return await asked
            except Damaged:
                await self._delete()
                raise

    async def _delete(self) -> None:
        """What is written next begins anew."""
        await _on(self._reading, self._close_reader)
        await _on(self._writing, self._delete_files)

    def _delete_files(self) -> None:
        self._close_writer()
        for end in BESIDE:
            Path(f"{self._path}{end}").unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        self._writer = _connected(self._path)
        try:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
                self._writer.execute(f"PRAGMA {pragma}")
            if not is_as(self._writer, self._expected):
                begin_anew(self._writer, self._expected)
        except BaseException:
            self._close_writer()
            raise
        return self._writer

    def _open_reader(self) -> sqlite3.Connection:
        self._reader = _connected(self._path, "?mode=ro")
        if not is_as(self._reader, self._expected):
            # Of another life of the database, and the disk refused to begin anew.
            self._close_reader()
            raise sqlite3.OperationalError(OTHER)
        return self._reader

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _close_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()


@asynccontextmanager
async def open_index(folder: Path, epoch: str) -> AsyncIterator[SqliteSearchIndex]:
    """The index in a data folder, of that life of its database."""
    index = SqliteSearchIndex(folder / FILE, epoch)
    try:
        # What is there of another life must not be searched; where the disk refuses, nothing is.
        with suppress(Unavailable):
            await index.reached()
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


def _find(db: sqlite3.Connection, asked: Asked, limit: int) -> list[Found]:
    if asked.every or asked.some:
        return _found(db, MATCHING, asked, limit=limit, match=match(db, asked))
    return _gone_through(db, asked, (), limit)


def _scan(
    db: sqlite3.Connection, asked: Asked, inside: Sequence[str], rows: int, limit: int
) -> tuple[list[Found], int | None]:
    row = db.execute(BOTTOM, (asked.high, asked.low, rows)).fetchone()
    part = msgspec.structs.replace(asked, low=row[0] + 1) if row else asked
    found = _gone_through(db, part, inside, limit)
    if len(found) == limit:
        return found, found[-1].position
    return found, part.low if row else None


def _gone_through(db: sqlite3.Connection, asked: Asked, inside: Sequence[str], limit: int) -> list[Found]:
    # Excluded words are looked at in the message itself.
    none = [token.text for token in asked.none if ":" in token.text]
    return _found(db, SCANNING, asked, limit=limit, inside=_json(inside), none=_json(none), some=_json(asked.some))


def _found(db: sqlite3.Connection, statement: str, asked: Asked, **more: Any) -> list[Found]:
    values = {"low": asked.low, "high": asked.high, "rooms": _json(asked.rooms), **more}
    return [Found(*row) for row in db.execute(statement, values)]


def _json(values: object) -> str:
    return msgspec.json.encode(values).decode()


def _connected(path: Path, more: str = "") -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}{more}"
    return sqlite3.connect(uri, BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True)


async def _on(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, work)


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        if "interrupted" in str(error):
            raise Unavailable(SLOW, retry_after=1) from error
        log.warning("search.trouble", error=str(error))
        raise Unavailable(AWAY, retry_after=1) from error
    except sqlite3.DatabaseError as error:
        log.warning("search.damaged", error=str(error))
        raise Damaged(AWAY, retry_after=1) from error
