"""What time it is, as something that can be handed in and set in a test."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds since 1970, UTC."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000
