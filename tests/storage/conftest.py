"""A migrated file, and storage on it without the rest of the application."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from chatapp.core.models import Person, Room
from chatapp.storage.database import Database, Transaction
from chatapp.storage.sqlite import SqliteDatabase
from chatapp.storage.tables import meta
from tests.support.store import Store, open_store, opened


@pytest.fixture
def path(tmp_path: Path, migrated: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "chatapp.db"))


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    async with opened(path) as found:
        yield cast("SqliteDatabase", found)


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with open_store(path) as opened:
        yield opened


@pytest.fixture
async def ada(store: Store) -> Person:
    return await store.person("ada")


@pytest.fixture
async def grace(store: Store) -> Person:
    return await store.person("grace")


@pytest.fixture
async def room(store: Store, ada: Person, grace: Person) -> Room:
    return await store.room("designers", ada, grace)


async def note(tx: Transaction, key: str, value: str = "") -> None:
    await tx.execute(sa.insert(meta).values(key=key, value=value))


async def keys(database: Database | Transaction) -> list[str]:
    return [row[0] for row in await database.all(sa.select(meta.c.key).order_by(meta.c.key))]
