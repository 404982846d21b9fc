"""A clock that stands where a test puts it."""

from __future__ import annotations

START = 1_790_000_000_000


class SettableClock:
    """Milliseconds since 1970; moves only when told to."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def passes(self, *, seconds: float = 0, minutes: float = 0, days: float = 0) -> None:
        self.now += int((seconds + minutes * 60 + days * 86_400) * 1000)
