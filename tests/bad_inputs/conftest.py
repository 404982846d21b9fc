"""One scene for all rows of a module: bad input leaves nothing behind, and each row proves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bad_inputs.scene import Scene, open_scene
from tests.support.engine import settings_on


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> AsyncIterator[Scene]:
    data = tmp_path_factory.mktemp("data")
    async with open_scene(settings_on(data, migrated, limits=False)) as opened:
        yield opened
