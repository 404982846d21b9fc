"""Password hashing as the loop sees it: elsewhere, one at a time, and never a long line of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

from chatapp.core.errors import RateLimited
from chatapp.core.passwords import Hasher

# Some three seconds of work at the usual cost. Whoever waits longer has gone away meanwhile.
MOST_WAITING: Final = 64
RETRY_SECONDS: Final = 5

T = TypeVar("T")


class Hashing:
    """A line in front of the one worker. Raises ``RateLimited`` when the line is full."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._waiting = 0

    async def make(self, password: str) -> str:
        return await self._run(self._hasher.hash, password, is_known=True)

    async def is_right(self, password: str, password_hash: str | None, *, is_known: bool = False) -> bool:
        """``None``: there is no such person, which takes as long to find out. Half of the line is kept for
        those who ``is_known``: a flood of strangers' logins leaves them their place."""
        return await self._run(self._hasher.is_right, password, password_hash or self._hasher.nobody, is_known=is_known)

    def needs_rehash(self, password_hash: str) -> bool:
        return self._hasher.needs_rehash(password_hash)

    async def _run(self, work: Callable[..., T], *arguments: Any, is_known: bool) -> T:
        if self._waiting >= MOST_WAITING // (1 if is_known else 2):
            raise RateLimited("Too many people are logging in. Please wait a moment.", retry_after=RETRY_SECONDS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hasher.worker, work, *arguments)
        finally:
            self._waiting -= 1
