"""A chat whose closed browsers are told of messages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chatapp.settings import Settings
from tests.support.pushing import Scene, scene
from tests.support.time import SettableClock


@pytest.fixture
async def s(settings: Settings, clock: SettableClock) -> AsyncIterator[Scene]:
    async with scene(settings, clock) as opened:
        yield opened
