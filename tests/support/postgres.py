"""A migrated database on a PostgreSQL server for each data folder of the tests.

``CHATAPP_TEST_POSTGRES`` names the server, by a URL of a superuser; otherwise one of our own is started once, and
stopped at the end.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import re
import threading
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from chatapp.storage import postgres_start
from tests.support.postgres_server import Server

T = TypeVar("T")
# But for the one that asks.
CUT: Final = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SCRUB: Final = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        IF name NOT IN ('alembic_version', 'rooms') THEN EXECUTE format('DELETE FROM %I', name); END IF;
    END LOOP;
    DELETE FROM rooms WHERE slug <> 'general';
    UPDATE rooms SET id = 1, name = 'general', topic = 'Everyone is here', kind = 'open', created_by = NULL,
        created_at = 0, last_index = 0, last_version = 0;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
        PERFORM setval(format('%I', name)::regclass, 1, name = 'rooms_id_seq');
    END LOOP;
END $$
"""


class Desk:
    """Asks the server from a thread of its own: for those who cannot wait in a loop.

    Connections are kept for the next who asks: making one costs more than what most ask.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._idle: defaultdict[str, list[Any]] = defaultdict(list)
        threading.Thread(target=self._loop.run_forever, name="postgres desk", daemon=True).start()

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def asks(self, url: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.does(self._asked(url, sql, values))

    def scrubs(self, url: str) -> None:
        """Nothing is in that database but what is in a new one, and nobody is connected to it."""
        self.does(self._scrubbed(url))

    async def borrowed(self, url: str) -> Any:
        """A connection that works."""
        while idle := self._idle[url]:
            connection = idle.pop()
            try:
                await connection.execute("SELECT 1")
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                connection.terminate()
            else:
                return connection
        return await asyncpg.connect(url, statement_cache_size=0)

    def back(self, url: str, connection: Any) -> None:
        self._idle[url].append(connection)

    async def _asked(self, url: str, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        connection = await self.borrowed(url)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *values)]
        finally:
            self.back(url, connection)

    async def _scrubbed(self, url: str) -> None:
        connection = await self.borrowed(url)
        try:
            await connection.execute(CUT)
            await connection.execute(SCRUB)
        finally:
            self.back(url, connection)

    async def closes(self) -> None:
        for connection in itertools.chain.from_iterable(self._idle.values()):
            connection.terminate()
        self._idle.clear()


class Found:
    """The answer to a statement."""

    def __init__(self, rows: list[tuple[Any, ...]], status: str) -> None:
        self._rows = rows
        last = status.rsplit(" ", 1)[-1]
        self.rowcount = int(last) if last.isdigit() else -1

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows[0] if self._rows else None


class Behind:
    """One transaction, whose statements have question marks as SQLite's have; a boolean is 0 or 1."""

    def __init__(self, of: Databases, url: str) -> None:
        self._desk = of.desk
        self._url = url

    def __enter__(self) -> Self:
        self._connection = self._desk.does(self._desk.borrowed(self._url))
        self._desk.does(self._connection.execute("BEGIN"))
        return self

    def execute(self, sql: str, parameters: Any = (), /) -> Found:
        count = itertools.count(1)
        numbered = re.sub(r"\?", lambda _: f"${next(count)}", sql)
        return self._desk.does(_executed(self._connection, numbered, parameters))

    def executemany(self, sql: str, parameters: Any, /) -> None:
        for each in parameters:
            self.execute(sql, each)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._desk.does(self._connection.execute("ROLLBACK" if kind else "COMMIT"))
        self._desk.back(self._url, self._connection)


async def _executed(connection: Any, sql: str, values: Any) -> Found:
    prepared = await connection.prepare(sql)
    types = [each.name for each in prepared.get_parameters()]
    given = [bool(value) if type_ == "bool" else value for value, type_ in zip(values, types, strict=True)]
    rows = [tuple(map(_plain, row)) for row in await prepared.fetch(*given)]
    return Found(rows, prepared.get_statusmsg())


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


class Databases:
    """Migrated databases: one for each folder that asks, used again for another when it is free."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.desk = Desk()
        self._count = 0
        self._free: list[str] = []
        self._of: dict[Path, str] = {}
        self._template = self.fresh()
        # It runs a loop of its own, and one may be running here.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(postgres_start.prepare, self._template).result()

    def fresh(self) -> str:
        """The URL of a new database, empty."""
        return self._make("")

    def migrated(self) -> str:
        """The URL of a new database, with the tables in it."""
        return self._make(f" TEMPLATE {_name(self._template)}")

    def of(self, folder: Path) -> str:
        """The URL of the folder's database."""
        if folder not in self._of:
            self._of[folder] = self._free.pop() if self._free else self.migrated()
        return self._of[folder]

    def free(self, parent: Path) -> None:
        """Those of that folder and of what is in it are used no more."""
        for folder in [each for each in self._of if parent == each or parent in each.parents]:
            url = self._of.pop(folder)
            self.desk.scrubs(url)
            self._free.append(url)

    def top(self, url: str) -> list[tuple[Any, ...]]:
        """The numbers of all rows' last writers: another list after any write."""
        names = [row[0] for row in self.desk.asks(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        asked = " UNION ALL ".join(f"SELECT '{name}', xmin::text, ctid::text FROM {name}" for name in names)  # noqa: S608
        return sorted(self.desk.asks(url, asked))

    def empty(self, url: str) -> None:
        """Nothing is in it."""
        for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            self.desk.asks(url, statement)

    def cut(self, url: str) -> None:
        """End all connections to it."""
        self.desk.asks(url, CUT)

    def _make(self, how: str) -> str:
        self._count += 1
        name = f"chatapp_{os.getpid()}_{self._count}"
        self.desk.asks(self.server, f"CREATE DATABASE {name}{how}")
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{name}"))

    def remove(self) -> None:
        for number in range(1, self._count + 1):
            self.desk.asks(self.server, f"DROP DATABASE chatapp_{os.getpid()}_{number} WITH (FORCE)")
        self.desk.does(self.desk.closes())


def _name(url: str) -> str:
    return urlsplit(url).path[1:]


@cache
def databases() -> Databases:
    """Those of this run."""
    given = os.environ.get("CHATAPP_TEST_POSTGRES")
    if given:
        made = Databases(given)
        atexit.register(made.remove)
        return made
    server = Server()
    atexit.register(server.remove)
    made = Databases(server.url)
    atexit.register(lambda: made.desk.does(made.desk.closes()))
    return made
