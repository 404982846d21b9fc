"""What several tests of this floor begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chatapp.realtime import presence
from tests.realtime.stage import Stage


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(presence, "SOON_SECONDS", 0.0)
    monkeypatch.setattr(presence, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.0)
    made = Stage()
    yield made
    await made.board.close()
