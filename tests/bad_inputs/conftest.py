"""One scene for all rows of a module: bad input leaves nothing behind, and each row proves it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chatapp.settings import Settings
from tests.bad_inputs.scene import Scene, open_scene


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> AsyncIterator[Scene]:
    data = tmp_path_factory.mktemp("data")
    shutil.copy(migrated, data / "chatapp.db")
    async with open_scene(Settings(data=data, port=0, password_memory_kib=64, limits=False)) as opened:
        yield opened
