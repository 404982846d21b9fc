"""Opens the database that the settings name: a file in the data folder, or one on a PostgreSQL server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import msgspec

from chatapp.core.clock import Clock
from chatapp.core.errors import NotFound
from chatapp.settings import Settings
from chatapp.storage import copying_note, integrity, sqlite, sqlite_search, usable
from chatapp.storage.database import Database
from chatapp.storage.findings import Report
from chatapp.storage.mark import Mark, marked
from chatapp.storage.search import SearchIndex


class Opened(msgspec.Struct, frozen=True):
    """``mark`` is what the journal moves on, where there is one."""

    database: Database
    epoch: str
    mark: Mark | None = None


def prepare(settings: Settings) -> list[str]:
    """Bring the database to this version's schema; the revisions applied. Blocking. Raises as :func:`opened`."""
    if settings.database_url:
        from chatapp.storage import postgres_start

        return postgres_start.prepare(settings.database_url)
    copying_note.refuse_copied(settings.database_path)
    return usable.prepare(settings.database_path)


def audit(settings: Settings) -> Report:
    """Of the database that the settings name. Blocking."""
    if settings.database_url:
        from chatapp.storage import postgres_audit

        return postgres_audit.audit(settings.database_url, settings.data)
    return integrity.audit(settings.database_path)


@asynccontextmanager
async def beside(settings: Settings) -> AsyncIterator[Database]:
    """To read, while a server may run. Nothing is changed. Raises ``NotFound`` or ``Unusable``."""
    if settings.database_url:
        from chatapp.storage import postgres, postgres_errors, postgres_start

        try:
            async with postgres.open_postgres(settings.database_url, folder=settings.data) as database:
                yield database
        except postgres_errors.FAMILY as error:
            if not postgres_errors.is_without_tables(error):
                raise
            where = postgres_start.where(settings.database_url)
            raise NotFound(f"There is no chat in PostgreSQL at {where}.") from error
        return
    if not settings.database_path.exists():
        raise NotFound(f"There is no chat in {settings.data}.")
    usable.refuse_unreadable(settings.database_path)
    async with sqlite.beside(settings.database_path) as file:
        yield file


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """A file belongs to one process. Raises :class:`chatapp.storage.sqlite.AlreadyRunning`."""
    if settings.database_url:
        yield
    else:
        with sqlite.locked(settings.data):
            yield


@asynccontextmanager
async def opened(settings: Settings, clock: Clock) -> AsyncIterator[Opened]:
    """The database: held, migrated, open. Raises ``AlreadyRunning``, ``Unusable``, ``TooNew`` or ``Unavailable``."""
    with held(settings):
        await asyncio.to_thread(prepare, settings)
        if settings.database_url:
            async with _on_a_server(settings, clock) as found:
                yield found
            return
        async with (
            sqlite.open_database(settings.database_path, durability=settings.durability, clock=clock) as database,
            marked(database) as mark,
        ):
            yield Opened(database, mark.epoch, mark)


@asynccontextmanager
async def _on_a_server(settings: Settings, clock: Clock) -> AsyncIterator[Opened]:
    # Its library is an extra, and a tenth of a second of the start.
    from chatapp.storage import postgres, postgres_start

    async with postgres.open_postgres(
        settings.database_url, folder=settings.data, durability=settings.durability, clock=clock
    ) as database:
        with postgres_start.in_words(settings.database_url):
            epoch = await postgres_start.epoch(database)
        yield Opened(database, epoch)


@asynccontextmanager
async def opened_index(settings: Settings, found: Opened) -> AsyncIterator[SearchIndex]:
    """The index of its messages."""
    if settings.database_url:
        from chatapp.storage import postgres_search

        async with postgres_search.open_index(settings.database_url, found.epoch) as on_a_server:
            yield on_a_server
        return
    async with sqlite_search.open_index(settings.data, found.epoch) as index:
        yield index
