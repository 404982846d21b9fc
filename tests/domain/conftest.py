"""The rules without the doors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from chatapp.core.models import Person
from chatapp.settings import Settings
from tests.support.house import House, open_house
from tests.support.time import SettableClock


@pytest.fixture
async def house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(settings, clock) as opened:
        yield opened


@pytest.fixture
async def open_to_all(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(replace(settings, registration="open"), clock) as opened:
        yield opened


@pytest.fixture
async def unhurried(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    """Without the limit on how fast people talk."""
    async with open_house(replace(settings, limits=False), clock) as opened:
        yield opened


@pytest.fixture
async def ada(house: House) -> Person:
    return await house.person("ada", is_admin=True)


@pytest.fixture
async def grace(house: House, ada: Person) -> Person:
    return await house.person("grace")
