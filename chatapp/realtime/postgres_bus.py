"""The bus over the PostgreSQL server that the processes share; storage/ has the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol

from chatapp.core.errors import Unavailable
from chatapp.realtime.bus import Bus, Gone, Line

# A connection that was cut without a word is found out by asking.
ASK_SECONDS: Final = 10.0


class Channel(Protocol):
    """What is called into it everybody hears. Raises ``Unavailable`` when it is over."""

    async def call(self, said: Sequence[str]) -> None: ...


Open = Callable[[Callable[[str], None], Callable[[], None]], AbstractAsyncContextManager[Channel]]
"""Opens a channel: what to call with what is heard, and what when it is over. Raises ``Unavailable``."""


class PostgresLine(Line):
    """On an open channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def send(self, hints: Sequence[bytes]) -> None:
        try:
            await self._channel.call([hint.decode() for hint in hints])
        except Unavailable as error:
            raise Gone(error.message) from error


class PostgresBus(Bus):
    """Of the processes on one database."""

    def __init__(self, open_channel: Open) -> None:
        super().__init__()
        self._open = open_channel

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Line]:
        asking = asyncio.create_task(self._ask(), name="bus asks")
        try:
            async with self._open(self.take, self.ended) as channel:
                yield PostgresLine(channel)
        except Unavailable as error:
            raise Gone(error.message) from error
        finally:
            asking.cancel()

    async def _ask(self) -> None:
        """Have something sent now and then, if it is nothing at all."""
        while True:
            await asyncio.sleep(ASK_SECONDS)
            self.ended()
