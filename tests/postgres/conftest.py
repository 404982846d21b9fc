"""What PostgreSQL makes possible, or makes go wrong. Run by ``make test-postgres``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatapp.storage.postgres import PostgresDatabase, open_postgres
from tests.support.engine import ON_POSTGRES
from tests.support.postgres import databases
from tests.support.postgres_server import Server
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
