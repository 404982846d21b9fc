"""Calls to a server at a steady pace, and how long each took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiohttp

from tests.support.server import Server

EVERY: Final = 0.1


class Timed:
    """Calls begun every tenth of a second, each with its number and answered on its own: seconds and statuses."""

    def __init__(self, call: Callable[[int], Awaitable[int]]) -> None:
        self._call = call
        self.seconds: list[float] = []
        self.statuses: list[int] = []

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Until the block ends; then what was begun is answered."""
        calls: list[asyncio.Task[None]] = []
        beginning = asyncio.create_task(self._begin(calls))
        try:
            yield
        finally:
            beginning.cancel()
            with suppress(asyncio.CancelledError):
                await beginning
            await asyncio.gather(*calls)

    async def _begin(self, calls: list[asyncio.Task[None]]) -> None:
        while True:
            calls.append(asyncio.create_task(self._one(len(calls))))
            await asyncio.sleep(EVERY)

    async def _one(self, number: int) -> None:
        began = asyncio.get_running_loop().time()
        self.statuses.append(await self._call(number))
        self.seconds.append(asyncio.get_running_loop().time() - began)


class Room:
    """``general``, posted to and read by one person, each time on a connection of its own."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self.url = f"{server.url}/api/v1/rooms/general/messages"
        self._session = session

    async def post(self, number: int) -> int:
        """The status of the answer."""
        said = {"content": f"Number {number}", "client_id": f"{number}"}
        return await _status(self._session.post(self.url, json=said))

    async def read(self, number: int) -> int:
        """Past what is kept in memory."""
        return await _status(self._session.get(f"{self.url}?before={number + 1000}"))


def session_of(token: str) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    return aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}, connector=connector)


async def _status(request: Any) -> int:
    async with request as answer:
        await answer.read()
        return int(answer.status)
