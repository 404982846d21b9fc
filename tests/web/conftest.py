"""Browsers for the tests of the pages, and a chat with every kind of person and room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient

from tests.support.cast import Actor
from tests.support.engine import settings_on
from tests.support.world import World, open_world
from tests.web.browser import Browser, browser
from tests.web.script import Script


@pytest.fixture
async def stranger(client: TestClient[Any, Any]) -> AsyncIterator[Browser]:
    """A browser nobody is signed in with."""
    async with browser(client) as opened:
        yield opened


@pytest.fixture
async def adas(client: TestClient[Any, Any], ada: Actor) -> AsyncIterator[Browser]:
    """Ada's browser, signed in."""
    async with browser(client) as opened:
        assert (await opened.signs_in(ada.username)).status == 303
        yield opened


@pytest.fixture
async def graces(client: TestClient[Any, Any], ada: Actor, grace: Actor) -> AsyncIterator[Browser]:
    """Grace's browser, signed in."""
    async with browser(client) as opened:
        assert (await opened.signs_in(grace.username)).status == 303
        yield opened


@pytest.fixture
def ada_script(stranger: Browser, ada: Actor) -> Script:
    return Script(stranger, ada)


@pytest.fixture
def grace_script(stranger: Browser, ada: Actor, grace: Actor) -> Script:
    return Script(stranger, grace)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> AsyncIterator[World]:
    """One for the tests of a file, which leave it as it was."""
    data = tmp_path_factory.mktemp("world")
    settings = settings_on(data, migrated, limits=False, registration="open", durability="normal")
    async with open_world(settings) as opened:
        yield opened
