"""Another process that holds the lock of the database stops nobody from reading, and lets nobody wait for long."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from tests.support.rounds import IS_LONG
from tests.support.server import Server, serving

pytestmark = pytest.mark.file_only("the lock of the file")
HELD: Final = [2.0, 8.0, 30.0] if IS_LONG else [8.0]
EVERY: Final = 0.1
# 5 s are promised for a send and 0.1 s for a read; the short run shares its machine.
LONGEST_SEND: Final = 5.75 if IS_LONG else 7.5
LONGEST_READ: Final = 0.1 if IS_LONG else 4.0


class Timed:
    """Calls begun every tenth of a second, each answered on its own."""

    def __init__(self, call: Callable[[int], Awaitable[int]]) -> None:
        self._call = call
        self.seconds: list[float] = []
        self.statuses: list[int] = []

    async def go_on(self, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        end, number, calls = clock() + seconds, 0, []
        while clock() < end:
            calls.append(asyncio.create_task(self._one(number)))
            number += 1
            await asyncio.sleep(EVERY)
        await asyncio.gather(*calls)

    async def _one(self, number: int) -> None:
        began = asyncio.get_running_loop().time()
        self.statuses.append(await self._call(number))
        self.seconds.append(asyncio.get_running_loop().time() - began)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("held", HELD)
async def test_a_lock_held_elsewhere_stops_no_reading_and_no_send_waits_longer_than_is_said(
    tmp_path: Path, held: float
) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    token = await server.add_person("ada", is_admin=True)
    async with serving(server.data, LIMITS="off") as server, session_of(server, token) as session:
        url = f"{server.url}/api/v1/rooms/general/messages"

        async def send(number: int) -> int:
            return await status(session.post(url, json={"content": f"Number {number}", "client_id": f"{number}"}))

        async def read(number: int) -> int:
            # Past what is kept in memory.
            return await status(session.get(f"{url}?before={number + 1000}"))

        assert [await send(-1), await read(-1)] == [201, 200]
        sends, reads = Timed(send), Timed(read)
        other = sqlite3.connect(server.data / "chatapp.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        work = asyncio.gather(sends.go_on(held), reads.go_on(held))
        await asyncio.sleep(held)
        other.execute("ROLLBACK")
        other.close()
        await work
        assert [await send(-2), await read(-2)] == [201, 200]
        async with session.get(f"{url}?limit=100") as answer:
            stored = [message["content"] for message in (await answer.json())["messages"]]
    told = dict(zip(("acked", "unavailable"), map(sends.statuses.count, (201, 503)), strict=True))
    print(
        f"lock held {held} s: slowest read {max(reads.seconds):.3f} s, slowest send {max(sends.seconds):.2f} s, {told}"
    )
    assert set(reads.statuses) == {200}
    assert set(sends.statuses) <= {201, 503}
    assert max(reads.seconds) < LONGEST_READ
    assert max(sends.seconds) < LONGEST_SEND
    assert (503 in sends.statuses) is (held > 5)
    # What was refused is not there, what was acked is.
    assert len(stored) == min(100, sends.statuses.count(201) + 2)


def session_of(server: Server, token: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {token}"}, connector=aiohttp.TCPConnector(limit=0, force_close=True)
    )


async def status(request: Any) -> int:
    async with request as answer:
        await answer.read()
        return int(answer.status)
