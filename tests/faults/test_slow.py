"""Clients that read slowly, and a whole program of them that is stopped: nobody else notices, and memory is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import populate
from tests.faults.figures import p99, resident_mib, visitors
from tests.faults.line import Gone, Line
from tests.faults.recorder import Address, Listener
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server
from tests.support.source import ROOT

HEALTHY: Final = rounds(10, 400)
STALLED: Final = rounds(10, 100)
OWED_MIB: Final = rounds(64, 1024)
SIZE: Final = 7_900
MESSAGES: Final = OWED_MIB * 2**20 // STALLED // SIZE
BASE: Final = rounds(50, 200)
TOP: Final = BASE + MESSAGES
STALLED_SECONDS: Final = rounds(3, 10)
GROWTH_MIB: Final = 64
# What a slow one takes, a bit at a time: 1 KB/s in the long run.
SLOW_BYTES, SLOW_PAUSE = 256, rounds(5, 250) / 1000
SLOW_TURNS: Final = rounds(200, 240)


class Healthy:
    """Reads at once, and notes how long each message was on its way."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.took = array("d")
        self.versions = array("q")
        self._reading = asyncio.create_task(self._reads())

    async def leaves(self) -> None:
        self._line.cut()
        await self._reading

    async def _reads(self) -> None:
        with contextlib.suppress(Gone):
            while True:
                for message in (await self._line.receive()).messages:
                    self.took.append(time.monotonic() - float(message.content.split(" ", 1)[0]))
                    self.versions.append(message.version)


class SlowLine(Line):
    """Takes a bit, pauses, and takes the next; in no hurry for so many turns."""

    turns = SLOW_TURNS

    async def take(self, size: int) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            taken += await super().take(min(size - len(taken), SLOW_BYTES if self.turns > 0 else size))
            if self.turns > 0:
                self.turns -= 1
                await asyncio.sleep(SLOW_PAUSE)
        return bytes(taken)


class Slow(Listener):
    """Reads the first connection slowly; comes back like any client when it was dropped."""

    async def opens(self) -> Line:
        kind = Line if self.connects else SlowLine
        return await kind.open(self.address.port, self.token, buffer=4096)


@asynccontextmanager
async def a_program_of_readers(port: int, token: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.readers", str(port), token, str(STALLED)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
        yield process
    finally:
        process.kill()
        await process.wait()


async def listens(port: int, token: str) -> Healthy:
    line = await Line.open(port, token)
    line.send("subscribe", room="general", ref=1, limit=0)
    while (await line.receive()).ref != 1:
        pass
    return Healthy(line)


async def speaks(line: Line, count: int) -> None:
    for number in range(count):
        content = f"{time.monotonic()} ".ljust(SIZE, "x")
        line.send("sendMessage", room="general", content=content, ref=number)
        while (said := await line.receive()).ref != number:
            pass
        assert said.ok, said


@pytest.mark.timeout(180 + OWED_MIB)
async def test_who_reads_slowly_or_not_at_all_harms_nobody_else(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off", STALLED_SECONDS=str(STALLED_SECONDS))
    token, *_ = await populate(server.data, ("general",))
    await server.start()
    try:
        await stalls(server, token)
    finally:
        await server.kill()


async def stalls(server: Server, token: str) -> None:
    speaker = await Line.open(server.port, token)
    healthy = [await listens(server.port, token) for _ in range(HEALTHY)]
    await speaks(speaker, BASE)
    base = p99([took for each in healthy for took in each.took])
    for each in healthy:
        del each.took[:]
    memory, slow = resident_mib(server.pid), Slow(Address(), token, "slow", ("general",))
    slow.address.port = server.port
    watching = asyncio.create_task(highest(server.pid))
    await speaks_to_nobody(server, token, speaker, slow)
    watching.cancel()
    await until(lambda: all(each.versions[-1] == TOP for each in healthy), seconds=30)
    meanwhile = p99([took for each in healthy for took in each.took])
    for each in healthy:
        assert list(each.versions) == list(range(1, TOP + 1))
        await each.leaves()
    speaker.cut()
    await asyncio.gather(watching, return_exceptions=True)
    growth = peaks[-1] - memory
    print(
        f"slow: {HEALTHY} healthy, {STALLED} stopped ({dropped(server)} dropped), {OWED_MIB} MiB owed,"
        f" {growth:+.0f} MiB at most on {memory:.0f};"
        f" p99 {base * 1000:.1f} ms before, {meanwhile * 1000:.1f} ms meanwhile;"
        f" the slow one came {slow.connects} times"
    )
    assert growth < GROWTH_MIB
    if IS_LONG:
        assert meanwhile < 2 * base + 0.01


async def speaks_to_nobody(server: Server, token: str, speaker: Line, slow: Slow) -> None:
    """To a program that is stopped and to one who is slow, until the ones are gone and the other knows everything."""
    before = visitors(server.pid, server.port)
    async with a_program_of_readers(server.port, token) as program:
        await until(lambda: visitors(server.pid, server.port) == before + STALLED)
        program.send_signal(signal.SIGSTOP)
        reading = asyncio.create_task(slow.run())
        await speaks(speaker, MESSAGES)
        await until(lambda: dropped(server) >= STALLED, seconds=30 + STALLED_SECONDS)
        # Nothing is left of those who did not read; the one who did is at most late.
        await until(lambda: visitors(server.pid, server.port) <= before + 1)
        await until(lambda: slow.knows_up_to({"general": TOP}), seconds=60 + SLOW_PAUSE * SLOW_TURNS)
    slow.is_over = True
    slow.leaves()
    await reading
    ear = slow.ears["general"]
    assert sorted(ear.state) == list(range(1, TOP + 1))
    assert list(ear.versions) == sorted(set(ear.versions))


def dropped(server: Server) -> int:
    return sum("reason=stalled" in line for line in server.output)


peaks: list[float] = []


async def highest(pid: int) -> None:
    """Watch the memory of a process until told to stop."""
    peaks.append(0.0)
    while True:
        peaks[-1] = max(peaks[-1], resident_mib(pid))
        await asyncio.sleep(0.05)
