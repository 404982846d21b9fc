"""Frames by the thousand on a few sockets at once, most of them broken: each has one answer, and others hardly wait."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import populate
from tests.faults.figures import descriptors, p99, resident_mib, visitors
from tests.faults.health import asked_all_along
from tests.faults.line import CLOSE, PING, PONG, TEXT, Line
from tests.fuzz.cases import command
from tests.fuzz.words import mutated
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server
from tests.support.wire import is_text

FRAMES: Final = rounds(4_000, 1_000_000)
SOCKETS: Final = 4
VOLLEY: Final = 50
# Larger ones are another matter: they end the socket.
LONGEST: Final = 65_000
GROWTH_MIB: Final = 50
# What is promised is that the loop never stands still for longer; others at work make a short run late.
WAITS_SECONDS: Final = 0.05 if IS_LONG else 5.0


class Thrower:
    """Throws volleys and counts what comes back; opens the socket anew where bytes that are no text have ended it."""

    def __init__(self, server: Server, token: str, seed: int) -> None:
        self._server = server
        self._token = token
        self._chance = random.Random(seed)
        self.answers = self.ended = 0
        self.codes: Counter[int] = Counter()

    async def throws(self, count: int) -> None:
        """Until so many more were answered."""
        line, goal = await self._opens(), self.answers + count
        while self.answers < goal:
            frames = [self._frame() for _ in range(VOLLEY)]
            texts = [data for data in frames if is_text(data)]
            for data in texts:
                line.write(TEXT, data)
            await line.written()
            for _ in texts:
                assert b'"internal"' not in await self._answer(line)
            broken = next((data for data in frames if not is_text(data)), None)
            if broken is not None and self._chance.random() < 0.1:
                line.write(TEXT, broken)
                self.codes[await self._end(line)] += 1
                line.cut()
                line = await self._opens()
        line.cut()

    async def _opens(self) -> Line:
        line = await Line.open(self._server.port, self._token)
        await line.receive()
        return line

    def _frame(self) -> bytes:
        """Mostly about a room that does not exist: nobody has to wait for the disk."""
        data = command(self._chance)
        if self._chance.random() < 0.98:
            data = data.replace(b"general", b"nowhere")
        return (mutated(self._chance, data) if self._chance.random() < 0.9 else data)[:LONGEST]

    async def _answer(self, line: Line) -> bytes:
        """The next one, past all news."""
        while True:
            opcode, payload = await line.frame()
            assert opcode != CLOSE, payload
            if opcode == PING:
                line.write(PONG, payload)
            elif opcode == TEXT and not payload.startswith(b'{"event"'):
                self.answers += 1
                return payload

    async def _end(self, line: Line) -> int:
        self.ended += 1
        while (heard := await line.frame())[0] != CLOSE:
            assert heard[1].startswith(b'{"event"'), heard
        return int.from_bytes(heard[1][:2], "big")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    running = Server(tmp_path / "data", LIMITS="off", DURABILITY="normal")
    yield running
    await running.kill()


@pytest.mark.timeout(180 + FRAMES // 400)
async def test_a_volley_of_frames_has_as_many_answers_and_nobody_else_waits(server: Server) -> None:
    tokens = await populate(server.data, ("general",))
    await server.start()
    throwers = [Thrower(server, token, seed) for seed, token in enumerate(tokens[1 : 1 + SOCKETS])]
    idle = visitors(server.pid, server.port)
    # Until every way has been gone once and every cache is full.
    await asyncio.gather(*(thrower.throws(FRAMES // 50) for thrower in throwers))
    await until(lambda: visitors(server.pid, server.port) == idle)
    before, opened, began = resident_mib(server.pid), descriptors(server.pid), time.monotonic()
    async with asked_all_along(server) as healthy:
        await asyncio.gather(*(thrower.throws(FRAMES // SOCKETS) for thrower in throwers))
    growth, took = resident_mib(server.pid) - before, time.monotonic() - began
    await until(lambda: descriptors(server.pid) <= opened)
    answers, ended = sum(thrower.answers for thrower in throwers), sum(thrower.ended for thrower in throwers)
    print(
        f"volleys: {answers} frames answered, {ended} that were no text, in {took:.0f} s,"
        f" {growth:+.1f} MiB on {before:.0f};"
        f" /healthz {p99(healthy) * 1000:.0f} ms (p99), {max(healthy) * 1000:.0f} at most"
    )
    assert {code for thrower in throwers for code in thrower.codes} == {1007}
    assert growth < GROWTH_MIB
    assert p99(healthy) < WAITS_SECONDS
    assert [line for line in server.output if "Traceback" in line or "[error" in line] == []
