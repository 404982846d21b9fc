"""How long our page stays away (static/js/socket.js), for clients of the tests; tests/e2e holds the two together."""

from __future__ import annotations

import random
from typing import Final

WINDOWS: Final = (2.0, 4.0, 8.0, 16.0, 30.0)


def retry_seconds(attempt: int, spread: int = 0, chance: float | None = None) -> float:
    """Until that try (from 0) after a loss."""
    half = WINDOWS[min(attempt, len(WINDOWS) - 1)] / 2
    return half + max(half, spread) * _or_any(chance)


def return_seconds(retry_after: float, chance: float | None = None) -> float:
    """Until a server is back that said so beforehand."""
    return (retry_after or 1) * (1 + _or_any(chance))


def _or_any(chance: float | None) -> float:
    return random.random() if chance is None else chance
