"""What PostgreSQL makes possible, or makes go wrong. Run by ``make test-postgres``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatapp.storage import postgres_start
from chatapp.storage.postgres import PostgresDatabase, open_postgres
from tests.postgres.several import Process, processes, shared_settings
from tests.support.cast import Actor, Given, cast
from tests.support.engine import ON_POSTGRES
from tests.support.postgres import databases
from tests.support.postgres_server import Server
from tests.support.redis_server import RedisServer
from tests.support.store import NOW, Store

collect_ignore_glob = [] if ON_POSTGRES else ["test_*.py"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A migrated database."""
    return databases().of(tmp_path)


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[PostgresDatabase]:
    async with open_postgres(url, folder=folder, clock=lambda: NOW) as database:
        yield database


@asynccontextmanager
async def stored(url: str, folder: Path) -> AsyncIterator[Store]:
    """Storage on an empty database, made ready for it."""
    await asyncio.to_thread(postgres_start.prepare, url)
    async with opened(url, folder) as database:
        found = Store(database)
        async with found.journal.running():
            yield found


@pytest.fixture
async def first(url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """Storage of one process."""
    async with opened(url, tmp_path) as database:
        store = Store(database)
        async with store.journal.running():
            yield store


@pytest.fixture
async def second(url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """Storage of another process, on the same database."""
    async with opened(url, tmp_path) as database:
        store = Store(database)
        async with store.journal.running():
            yield store


@pytest.fixture(params=["postgres", "redis"])
def either_redis_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of what carries the news: empty where PostgreSQL does."""
    if request.param == "postgres":
        yield ""
        return
    with RedisServer() as redis:
        yield redis.url


@pytest.fixture
def redis_url() -> str:
    """What carries the news of :func:`both`."""
    return ""


@pytest.fixture
async def both(tmp_path: Path, url: str, redis_url: str) -> AsyncIterator[list[Process]]:
    """Two processes of one chat."""
    async with processes(2, shared_settings(tmp_path / "data", url, redis_url=redis_url)) as found:
        yield found


@pytest.fixture
async def given(both: list[Process]) -> AsyncIterator[Given]:
    async with cast(both[0].chat, both[0].client) as people:
        yield people


@pytest.fixture
async def ada(given: Given) -> Actor:
    return await given.person("ada", is_admin=True)


@pytest.fixture
async def grace(given: Given, both: list[Process]) -> AsyncIterator[Actor]:
    """Whose requests and sockets go to the other process."""
    there = both[1].as_seen_here(await given.person("grace"))
    yield there
    await there.goes()


@pytest.fixture(scope="session")
def _other() -> Iterator[Server]:
    made = Server()
    yield made
    made.remove()


@pytest.fixture
def server(_other: Server) -> Server:
    """A server that nobody else uses, to be ended and started again; its database is empty."""
    if not _other.is_running:
        _other.start()
    databases().cut(_other.url)
    databases().empty(_other.url)
    return _other
