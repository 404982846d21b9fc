"""One order for all: whoever listens hears the same messages in the same order, come and go as they may."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import populate, pressed
from tests.support.rounds import rounds
from tests.support.server import Server

WRITERS: Final = 50
LISTENERS: Final = 20
RESTLESS: Final = 3
LEAVES: Final = rounds(10, 100)
ROOMS: Final = ("general",)


@pytest.mark.timeout(180 + 2 * LEAVES)
async def test_fifty_writers_are_heard_in_one_order_by_twenty_listeners(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    tokens = await populate(server.data, ROOMS)
    async with pressed(server, tokens, writers=WRITERS, listeners=LISTENERS, rooms=ROOMS, changes=False) as crowd:
        for _ in range(LEAVES):
            await crowd.next_answer()
            await asyncio.sleep(random.uniform(0.05, 0.3))
            random.choice(crowd.listeners[:RESTLESS]).leaves()
        assert await crowd.verdict() == []
        ears = [listener.ears["general"] for listener in crowd.listeners]
        orders = {hash((tuple(ear.versions), tuple(ear.prints))) for ear in ears}
    print(f"one order: {crowd.answers} messages, {len(orders)} order, heard by {LISTENERS} over {LEAVES} reconnects")
    assert len(orders) == 1
    assert all(is_complete for ear in ears for *_, is_complete in ear.answers)
    assert len(ears[0].versions) == crowd.answers > 20 * LEAVES
    assert sum(listener.connects for listener in crowd.listeners) >= LISTENERS + LEAVES / 2
