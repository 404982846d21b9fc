"""A disk that turns read-only under a running server: no posts, said in words; the rest goes on, and it passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.disks import ForgetfulDisk, forgetful_disk
from tests.faults.test_full_disk import statuses
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import Server

pytestmark = pytest.mark.file_only("a disk that turns read-only under the file")
ROUNDS: Final = rounds(2, 10)
REFUSALS: Final = 50
WELL: Final = {"/healthz": 200, "/readyz": 200, "messages": 200, "server": 200}


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[ForgetfulDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    async with forgetful_disk(folder) as found:
        yield found


@pytest.mark.timeout(180 + 10 * ROUNDS)
async def test_a_disk_that_turns_read_only_refuses_writes_and_nothing_else_until_it_takes_them(
    disk: ForgetfulDisk,
) -> None:
    server = Server(disk.folder, LIMITS="off")
    tokens = await populate(disk.folder)
    async with pressed(server, tokens, writers=5, listeners=3, changes=False, insists=False) as crowd:
        for _ in range(ROUNDS):
            await crowd.next_answer()
            disk.refuses()
            enough = crowd.total("refusals") + REFUSALS
            await until(lambda limit=enough: crowd.total("refusals") > limit, seconds=30)  # type: ignore[misc]
            assert await statuses(crowd) == WELL | {"/readyz": 503}
            assert await refusal(crowd) == (503, "unavailable")
            disk.takes()
            await crowd.next_answer()
            assert await statuses(crowd) == WELL
        assert await crowd.verdict() == []
        refused = {key for writer in crowd.writers for key in writer.refused}
        stored = {message.client_id for messages in (await crowd.log()).values() for message in messages}
        assert refused & stored == set()
    print(f"read-only disk: {ROUNDS} times, {crowd.answers} answers, {len(refused)} refused, none of them stored")
    assert "Traceback" not in "\n".join(server.output)


async def refusal(crowd: Crowd) -> tuple[int, str]:
    """Of a post over REST: in words, for whoever reads it."""
    url = f"{crowd.server.url}/api/v1/rooms/general/messages"
    headers = {"Authorization": f"Bearer {crowd.token}"}
    async with (
        asyncio.timeout(10),
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json={"content": "no"}) as answer,
    ):
        said = await answer.json()
    assert "try again" in said["detail"], said
    return answer.status, said["code"]
