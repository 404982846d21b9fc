"""A network that cuts: passes bytes on between clients and a server, and hangs up after any of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

CHUNK: Final = 2**14
# Where a connection is cut: often within the handshake or the first frames, sometimes after thousands of them.
SOON, LATE = 1_000, 60_000


class Proxy:
    """Cuts a connection at a random byte of one of its directions, ``cuts`` times; then it is an honest one.

    At every ``outage_every``-th cut all connections end, and new ones are refused for ``outage_seconds`` (two bounds).
    """

    def __init__(self, target: int, *, cuts: int, outage_every: int, outage_seconds: tuple[float, float]) -> None:
        self.port = 0
        self.cuts_left = cuts
        self.within_the_handshake = 0
        self.outages: list[float] = []
        self._target = target
        self._outage_every = outage_every
        self._outage_seconds = outage_seconds
        self._lines: set[asyncio.Task[None]] = set()
        self._is_away = False
        self._returning: asyncio.TimerHandle | None = None

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until either side ends or the cut."""
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            if not self._is_away:
                await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._lines.discard(task)
            writer.transport.abort()

    def stop(self) -> None:
        if self._returning is not None:
            self._returning.cancel()
        for task in self._lines:
            task.cancel()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        budget = int(random.expovariate(1 / random.choice((SOON, LATE))))
        is_upward = random.random() < 0.5
        ways = [
            asyncio.ensure_future(self._copy(reader, far_writer, budget if is_upward else None)),
            asyncio.ensure_future(self._copy(far_reader, writer, None if is_upward else budget)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            far_writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None) -> None:
        passed = 0
        while data := await reader.read(CHUNK):
            is_cut = budget is not None and self.cuts_left > 0 and passed + len(data) > budget
            if is_cut and budget is not None:
                data = data[: budget - passed]
            writer.write(data)
            await writer.drain()
            passed += len(data)
            if is_cut:
                self._count(passed)
                return

    def _count(self, passed: int) -> None:
        self.cuts_left -= 1
        self.within_the_handshake += passed < 200
        if self.cuts_left % self._outage_every == 0:
            seconds = random.uniform(*self._outage_seconds)
            self.outages.append(seconds)
            self._is_away = True
            self._returning = asyncio.get_running_loop().call_later(seconds, self._return)
            for task in self._lines:
                task.cancel()

    def _return(self) -> None:
        self._is_away = False


@asynccontextmanager
async def between(target: int, **how: int | tuple[float, float]) -> AsyncIterator[Proxy]:
    """A running proxy before that port of this machine."""
    proxy = Proxy(target, **how)  # type: ignore[arg-type]
    server = await asyncio.start_server(proxy.pass_on, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.stop()
        server.close()
