"""A migrated file, and storage on it without the rest of the application."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatapp.core.models import Person, Room
from tests.support.store import Store, open_store


@pytest.fixture
def path(tmp_path: Path, migrated: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "chatapp.db"))


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
