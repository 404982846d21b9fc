"""When the power goes, what was answered is on the disk and not only on its way there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.disks import ForgetfulDisk, forgetful_disk
from tests.support.rounds import rounds
from tests.support.server import Server

pytestmark = pytest.mark.file_only("what the file has on the disk")
ROUNDS: Final = rounds(3, 50)
MOST_ROUNDS: Final = 10
WRITERS, LISTENERS = 50, 5


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[ForgetfulDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    async with forgetful_disk(folder) as found:
        yield found


async def cuts_the_power(disk: ForgetfulDisk, crowd: Crowd) -> None:
    """In the middle of writing; then everything starts again."""
    await crowd.next_answer()
    await asyncio.sleep(random.uniform(0.2, 0.8))
    await crowd.server.kill()
    disk.cut()
    await crowd.server.start()


@pytest.mark.timeout(180 + 20 * ROUNDS)
async def test_a_power_cut_loses_nothing_that_was_answered(disk: ForgetfulDisk) -> None:
    tokens = await populate(disk.folder)
    disk.keep()
    server = Server(disk.folder, LIMITS="off", DURABILITY="full")
    async with pressed(server, tokens, writers=WRITERS, listeners=LISTENERS) as crowd:
        for _ in range(ROUNDS):
            await cuts_the_power(disk, crowd)
        await crowd.next_answer()
        assert await crowd.verdict() == []
    print(f"power cut: {ROUNDS} cuts, {crowd.answers} answers, none lost")
    assert crowd.answers > 50 * ROUNDS


@pytest.mark.timeout(180 + 20 * MOST_ROUNDS)
async def test_with_durability_normal_it_does_which_shows_that_the_disk_forgets(disk: ForgetfulDisk) -> None:
    tokens = await populate(disk.folder)
    disk.keep()
    server = Server(disk.folder, LIMITS="off", DURABILITY="normal")
    async with pressed(server, tokens, writers=WRITERS, listeners=LISTENERS) as crowd:
        for _ in range(MOST_ROUNDS):
            await cuts_the_power(disk, crowd)
            await crowd.next_answer()
            answered = [key for writer in crowd.writers for key in writer.answered]
            stored = {message.client_id for messages in (await crowd.log()).values() for message in messages}
            lost = [key for key in answered if key not in stored]
            if lost:
                break
        print(f"power cut with durability=normal: {len(lost)} of {len(answered)} answered messages lost")
        assert lost
