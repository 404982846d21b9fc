"""Password hashing as the loop sees it: elsewhere, one at a time, and never a long line of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from chatapp.core.errors import RateLimited
from chatapp.core.language import _
from chatapp.core.passwords import Hasher

# Some three seconds of work at the usual cost. Whoever waits longer has gone away meanwhile.
MOST_WAITING: Final = 64
# Of that line, what one account at one place may take, and one network.
MOST_OF_ONE: Final = 2
MOST_OF_NETWORK: Final = 8
RETRY_SECONDS: Final = 5

T = TypeVar("T")


class Hashing:
    """A line in front of the one worker. Raises ``RateLimited`` when the line is full."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._waiting = 0
        self._places: Counter[Hashable] = Counter()

    async def make(self, password: str) -> str:
        with self._place(MOST_WAITING, {}):
            return await self._run(self._hasher.hash, password)

    async def is_right(
        self, password: str, password_hash: str | None, *, who: Hashable, network: str = "", is_known: bool = False
    ) -> bool:
        """``None``: there is no such person, which takes as long to find out. Half of the line is kept for
        those who ``is_known``: a flood of strangers' logins leaves them their place. ``who`` and ``network``
        take a few places each, so that nobody fills the line alone."""
        most = {("who", who): MOST_OF_ONE}
        if network:
            most["network", network] = MOST_OF_NETWORK
        with self._place(MOST_WAITING // (1 if is_known else 2), most):
            return await self._run(self._hasher.is_right, password, password_hash or self._hasher.nobody)

    def needs_rehash(self, password_hash: str) -> bool:
        return self._hasher.needs_rehash(password_hash)

    @contextmanager
    def _place(self, most: int, most_of: dict[tuple[str, Hashable], int]) -> Iterator[None]:
        if self._waiting >= most or any(self._places[key] >= allowed for key, allowed in most_of.items()):
            raise RateLimited(_("Too many people are logging in. Please wait a moment."), retry_after=RETRY_SECONDS)
        self._waiting += 1
        self._places.update(most_of.keys())
        try:
            yield
        finally:
            self._waiting -= 1
            self._places.subtract(most_of.keys())
            # Only who waits is kept: names that strangers make up would pile up for ever.
            self._places = +self._places

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hasher.worker, work, *arguments)
