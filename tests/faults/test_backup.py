"""A backup made under full load holds everything that was answered before it began."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

import pytest

from chatapp.storage import backup
from chatapp.storage.integrity import audit
from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.line import Heard
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import Server

pytestmark = pytest.mark.file_only("copies of the file")
ROUNDS: Final = rounds(1, 20)
# Answers before each backup.
MORE: Final = 500


async def restored_log(source: Path, data: Path, crowd: Crowd) -> dict[tuple[str, int], Heard]:
    """The rooms as a server that was restored from the backup shows them, by room and index."""
    other = Server(data, LIMITS="off")
    await other.run("restore", str(source))
    assert audit(data / "chatapp.db").findings == []
    here, crowd.server = crowd.server, other
    try:
        await other.start()
        return {(room, m.index): m for room, messages in (await crowd.log()).items() for m in messages}
    finally:
        crowd.server = here
        await other.kill()


@pytest.mark.timeout(180 + 90 * ROUNDS)
async def test_every_message_answered_before_a_backup_is_in_it(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    took: list[float] = []
    async with pressed(server, await populate(server.data), listeners=2, changes=False) as crowd:
        await crowd.next_answer()
        for number in range(ROUNDS):
            await until(lambda enough=crowd.answers + MORE: crowd.answers > enough, seconds=60)  # type: ignore[misc]
            answered = {(writer.room, m.index): m for writer in crowd.writers for m in writer.answered.values()}
            began = time.monotonic()
            # What the command does, without the second it takes to start: nothing is answered in between.
            await asyncio.to_thread(backup.make, server.data, tmp_path / f"backup-{number}")
            took.append(time.monotonic() - began)
            log = await restored_log(tmp_path / f"backup-{number}", tmp_path / f"data-{number}", crowd)
            assert {place: log.get(place) for place in answered} == answered
        assert await crowd.verdict() == []
    slowest = max(writer.slowest for writer in crowd.writers)
    print(f"backup: {ROUNDS} rounds, {crowd.answers} answers, {max(took):.2f} s at most; a send took {slowest:.2f} s")
