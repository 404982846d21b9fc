"""A full disk is a message to those who write, not an outage; and it passes by itself."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession

from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.disks import small_disk
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server

pytestmark = pytest.mark.file_only("a full disk under the file")
ROUNDS: Final = rounds(3, 10)
MEBIBYTES: Final = 16
REFUSALS: Final = 100
# The short run shares its machine.
SECONDS: Final = 1.0 if IS_LONG else 5.0


@pytest.mark.timeout(180 + 10 * ROUNDS)
async def test_a_full_disk_refuses_writes_and_nothing_else_until_there_is_room(tmp_path: Path) -> None:
    resumed: list[float] = []
    async with small_disk(tmp_path, mebibytes=MEBIBYTES) as disk:
        server = Server(disk.folder / "data", LIMITS="off")
        tokens = await populate(server.data)
        async with pressed(server, tokens, writers=5, listeners=3, changes=False, insists=False) as crowd:
            for _ in range(ROUNDS):
                await crowd.next_answer()
                disk.fills()
                await until_full(crowd)
                assert await statuses(crowd) == {"/healthz": 200, "/readyz": 503, "messages": 200, "server": 200}
                disk.empties()
                began = time.monotonic()
                await crowd.next_answer()
                resumed.append(time.monotonic() - began)
                assert await statuses(crowd) == {"/healthz": 200, "/readyz": 200, "messages": 200, "server": 200}
            assert await crowd.verdict() == []
            refused = {key for writer in crowd.writers for key in writer.refused}
            stored = {message.client_id for messages in (await crowd.log()).values() for message in messages}
            assert refused & stored == set()
            slowest = max(writer.slowest for writer in crowd.writers)
    print(
        f"full disk: {ROUNDS} times, {crowd.answers} answers, {len(refused)} refused, slowest answer {slowest:.2f} s,"
        f" writing again after {max(resumed):.2f} s at most"
    )
    assert len(refused) >= ROUNDS * REFUSALS
    assert max(slowest, *resumed) < SECONDS


async def until_full(crowd: Crowd) -> None:
    enough = crowd.total("refusals") + REFUSALS
    await until(lambda: crowd.total("refusals") > enough, seconds=30)
    # Where a post finds no room, a tiny write may still find some a few times.
    status = 0
    async with asyncio.timeout(SECONDS):
        while status != 503:
            status = (await statuses(crowd))["/readyz"]


async def statuses(crowd: Crowd) -> dict[str, int]:
    """What a probe and a reader are answered at this moment."""
    paths = {
        "/healthz": "/healthz",
        "/readyz": "/readyz",
        "messages": "/api/v1/rooms/general/messages?after=0",
        "server": "/api/v1/server",
    }
    found = {}
    async with ClientSession(headers={"Authorization": f"Bearer {crowd.token}"}) as session:
        for name, path in paths.items():
            async with session.get(crowd.server.url + path) as answer:
                found[name] = answer.status
    return found
