"""A process that is killed at any moment has lost nothing of what it answered, and its clients come back whole."""

from __future__ import annotations

import asyncio
import random
import statistics
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import populate, pressed
from tests.support.rounds import rounds
from tests.support.server import Server

ROUNDS: Final = rounds(5, 100)
# What is promised; the short run shares its machine.
BACK_SECONDS: Final = rounds(30, 3)


@pytest.mark.timeout(180 + 20 * ROUNDS)
async def test_kills_at_random_moments_lose_double_and_disorder_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    back: list[float] = []
    async with pressed(server, await populate(server.data)) as crowd:
        await crowd.next_answer()
        for _ in range(ROUNDS):
            await asyncio.sleep(random.uniform(0.2, 0.8))
            # The worst moment: whoever answers too early has nothing on the disk yet.
            await crowd.at_an_answer()
            await server.kill()
            began = asyncio.get_running_loop().time()
            start = asyncio.create_task(server.start())
            # What the old process answered last may still be on its way.
            await crowd.is_cut_off()
            await crowd.next_answer()
            back.append(asyncio.get_running_loop().time() - began)
            await start
        assert await crowd.verdict() == []
    print(
        f"kill: {ROUNDS} rounds, {crowd.answers} answers, {crowd.total('resent')} sent again,"
        f" back after {statistics.median(back):.2f} s median, {max(back):.2f} s at most"
    )
    assert max(back) < BACK_SECONDS
    assert crowd.answers > 100 * ROUNDS
    assert crowd.total("resent") > ROUNDS
    assert min(listener.connects for listener in crowd.listeners) > 1
