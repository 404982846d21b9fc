"""Another process that holds the lock of the database stops nobody from reading, and lets nobody wait for long."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Final

import pytest

from tests.faults.timed import Room, Timed, session_of
from tests.support.rounds import IS_LONG
from tests.support.server import Server, serving

pytestmark = pytest.mark.file_only("the lock of the file")
HELD: Final = [2.0, 8.0, 30.0] if IS_LONG else [8.0]
# 5 s are promised for a send and 0.1 s for a read; the short run shares its machine.
LONGEST_SEND: Final = 5.75 if IS_LONG else 7.5
LONGEST_READ: Final = 0.1 if IS_LONG else 4.0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("held", HELD)
async def test_a_lock_held_elsewhere_stops_no_reading_and_no_send_waits_longer_than_is_said(
    tmp_path: Path, held: float
) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    token = await server.add_person("ada", is_admin=True)
    async with serving(server.data, LIMITS="off") as server, session_of(token) as session:
        room = Room(server, session)
        assert [await room.post(-1), await room.read(-1)] == [201, 200]
        sends, reads = Timed(room.post), Timed(room.read)
        other = sqlite3.connect(server.data / "chatapp.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        async with sends.going_on(), reads.going_on():
            await asyncio.sleep(held)
            other.execute("ROLLBACK")
        other.close()
        assert [await room.post(-2), await room.read(-2)] == [201, 200]
        async with session.get(f"{room.url}?limit=100") as answer:
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
