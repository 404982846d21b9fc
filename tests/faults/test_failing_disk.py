"""A disk that fails now and then costs a refusal, never an answered message, and never the process."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.disks import failing_disk
from tests.faults.line import Heard, Line
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import Server

pytestmark = pytest.mark.file_only("a failing disk under the file; tests/postgres/test_faults.py has a failing server")
SENDS: Final = rounds(500, 10_000)
SECONDS: Final = rounds(60, 600)
FAULTS: Final = {
    "posix/io/sync/fsync": (0.05, errno.EIO),
    "posix/io/sync/fdatasync": (0.05, errno.EIO),
    "posix/io/rw/pwrite": (0.02, errno.ENOSPC),
    "posix/io/oc/open": (0.01, errno.EIO),
}


@pytest.mark.timeout(180 + SECONDS)
async def test_a_failing_disk_costs_refusals_and_nothing_else(tmp_path: Path) -> None:
    disk = failing_disk(tmp_path)
    server = Server(tmp_path / "data", under=disk.words, LIMITS="off")
    tokens = await populate(server.data)
    async with pressed(server, tokens, writers=10, listeners=3, changes=False, insists=False) as crowd:
        await crowd.next_answer()
        await disk.fails(server.pid, FAULTS)
        await until(lambda: crowd.total("posts") >= SENDS or not server.is_running, seconds=SECONDS)
        await disk.works(server.pid, FAULTS)
        assert server.is_running
        assert await crowd.verdict() == []
        stored = await refused_but_stored(crowd)
        refused = sum(len(writer.refused) for writer in crowd.writers)
        print(f"failing disk: {crowd.total('posts')} sends, {refused} refused, {len(stored)} of them stored")
        assert len(stored) <= SENDS / 1000
        assert [await sends_again(crowd, message) for message in stored] == stored
    assert refused > SENDS / 100
    assert crowd.answers > SENDS / 10


async def refused_but_stored(crowd: Crowd) -> list[Heard]:
    refused = {key for writer in crowd.writers for key in writer.refused}
    return [m for messages in (await crowd.log()).values() for m in messages if m.client_id in refused]


async def sends_again(crowd: Crowd, message: Heard) -> Heard | None:
    """What the author is answered who never learned that it was stored."""
    (writer,) = (writer for writer in crowd.writers if message.client_id in writer.refused)
    line = await Line.open(writer.address.port, writer.token)
    await line.receive()
    line.send("sendMessage", room=writer.room, content=message.content, client_id=message.client_id, ref=1)
    answer = await line.receive()
    line.cut()
    return answer.message
