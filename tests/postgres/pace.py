"""How many messages a second are stored, on a file and on a PostgreSQL server of this machine, both with fsync.

``python -m tests.postgres.pace`` prints a line for each engine and way of writing, three times in turn.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Final

from chatapp.core.models import Person, Room
from chatapp.storage import migrate, postgres_start
from chatapp.storage.database import Database
from chatapp.storage.postgres import open_postgres
from chatapp.storage.sqlite import open_database
from tests.support.postgres_server import Server
from tests.support.store import Store

TIMES: Final = 3
WRITERS: Final = 200
EACH: Final = 50
FLAT_OUT: Final = 20_000
ROOMS: Final = 100
TEXT: Final = "the quick brown fox jumps over the lazy dog, as it has done since there is anything to test at all"

Way = Callable[[Store, Person, list[Room]], Awaitable[int]]


async def waiting(store: Store, ada: Person, rooms: list[Room]) -> int:
    """Each writer waits for the answer before the next message."""

    async def writes(number: int) -> None:
        for each in range(EACH):
            await store.says(ada, TEXT, rooms[number % ROOMS], client_id=f"{time.monotonic_ns()}-{number}-{each}")

    await asyncio.gather(*(writes(number) for number in range(WRITERS)))
    return WRITERS * EACH


async def flat_out(store: Store, ada: Person, rooms: list[Room]) -> int:
    """Everything is handed to the journal as fast as it takes it."""
    run = time.monotonic_ns()
    works = (store.says(ada, TEXT, rooms[n % ROOMS], client_id=f"{run}-{n}") for n in range(FLAT_OUT))
    await asyncio.gather(*works)
    return FLAT_OUT


async def measured(database: AbstractAsyncContextManager[Database], way: Way) -> float:
    async with database as opened:
        store = Store(opened)
        async with store.journal.running():
            name = f"ada{time.monotonic_ns()}"
            ada = await store.person(name)
            rooms = [await store.room(f"{name}-{number}", ada) for number in range(ROOMS)]
            await way(store, ada, rooms)
            began = time.perf_counter()
            count = await way(store, ada, rooms)
            return count / (time.perf_counter() - began)


def opens(name: str, path: Path, url: str) -> AbstractAsyncContextManager[Database]:
    return open_database(path) if name == "SQLite" else open_postgres(url, folder=path.parent)


def shares(work: Callable[[], object]) -> str:
    """Of the process's own time, what the driver takes."""
    profile = cProfile.Profile()
    profile.runcall(work)
    rows = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(row[2] for row in rows.values())
    waits = sum(row[2] for (_, _, name), row in rows.items() if "select.epoll" in name)
    driver = sum(row[2] for (file, _, name), row in rows.items() if "asyncpg" in file or "asyncpg" in name)
    return f"of {total - waits:.2f} s of work {driver / (total - waits):.0%} in asyncpg, {waits:.2f} s waiting"


def main() -> None:
    server = Server("")
    try:
        postgres_start.prepare(server.url)
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
            path = Path(folder) / "chatapp.db"
            migrate.upgrade(path)
            for _ in range(TIMES):
                for way in (waiting, flat_out):
                    for name in ("SQLite", "PostgreSQL"):
                        pace = asyncio.run(measured(opens(name, path, server.url), way))
                        print(f"{name:10} {way.__name__:9} {pace:8.0f} messages/s", flush=True)
            for way in (waiting, flat_out):
                work = measured(opens("PostgreSQL", path, server.url), way)
                print(way.__name__, shares(partial(asyncio.run, work)))
    finally:
        server.remove()


if __name__ == "__main__":
    main()
