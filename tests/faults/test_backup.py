"""A backup made under full load holds everything that was answered before it began."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from chatapp.app import open_chat
from chatapp.storage import backup
from chatapp.storage.integrity import audit
from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.figures import p99
from tests.faults.line import Heard
from tests.faults.timed import Room, Timed, session_of
from tests.support.engine import settings_on
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server, serving

pytestmark = pytest.mark.file_only("copies of the file")
ROUNDS: Final = rounds(1, 20)
# Answers before each backup.
MORE: Final = 500
# What lies there when reading and sending are timed: 5 MB, and 200.
STORED: Final = rounds(5_000, 200_000)
LONG: Final = "x" * 1_000
AT_ONCE: Final = 500
# What is promised; the short run shares its machine.
LONGEST_SEND: Final = 5.75 if IS_LONG else 15.0
MOST_READS: Final = 0.1 if IS_LONG else 4.0


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


async def filled(data: Path) -> str:
    """A chat with much in it; the token of somebody there."""
    token, *_ = await populate(data, ["general"])
    async with open_chat(replace(settings_on(data), limits=False)) as chat:
        (person,) = [person for person in await chat.accounts.everyone() if person.is_admin]
        for _ in range(0, STORED, AT_ONCE):
            await asyncio.gather(*(chat.messages.post(person, "general", LONG) for _ in range(AT_ONCE)))
    return token


@pytest.mark.timeout(600)
async def test_while_a_backup_is_made_reading_and_sending_go_on(tmp_path: Path) -> None:
    token = await filled(tmp_path / "data")
    async with serving(tmp_path / "data", LIMITS="off") as server, session_of(token) as session:
        room = Room(server, session)
        sends, reads, began = Timed(room.post), Timed(room.read), time.monotonic()
        async with sends.going_on(), reads.going_on():
            await server.run("backup", str(tmp_path / "backup"))
        took = time.monotonic() - began
    for kind, timed in (("reads", reads), ("sends", sends)):
        slow, slowest = p99(timed.seconds), max(timed.seconds)
        print(f"backup of {STORED} messages in {took:.1f} s: {kind} {slow:.3f} s (p99), {slowest:.2f} s at most")
    assert (set(reads.statuses), set(sends.statuses)) == ({200}, {201})
    assert p99(reads.seconds) < MOST_READS
    assert max(sends.seconds) < LONGEST_SEND
