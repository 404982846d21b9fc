"""A chat in a file, and the command line on it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.copying.scene import furnish
from tests.support.command import Chatapp, Here


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Made once and copied for every test: the folder, and a token of each person."""
    data = tmp_path_factory.mktemp("furnished")
    data.chmod(0o700)
    return data, asyncio.run(furnish(data))


@pytest.fixture
def chatapp(furnished: tuple[Path, dict[str, str]], tmp_path: Path) -> Chatapp:
    shutil.copytree(furnished[0], tmp_path / "data")
    return Here(tmp_path / "data", cwd=tmp_path)
