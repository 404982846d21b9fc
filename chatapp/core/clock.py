"""What time it is, as something that can be handed in and set in a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clock = Callable[[], int]
"""Milliseconds since 1970, UTC."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


def zone(name: str) -> tzinfo:
    """The time zone of that name; UTC where there is none, or where it cannot be read."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
