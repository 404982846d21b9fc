"""Connections that are cut at any byte, and absences of any length: what a client knows in the end is the history."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.line import Line
from tests.faults.proxy import between
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server

CUTS: Final = rounds(50, 1000)
OUTAGE_SECONDS: Final = (0.2, 20.0) if IS_LONG else (0.05, 0.5)
MISSED: Final = rounds(1_500, 12_000)
RESUMES: Final = rounds(5, 200)
FEW: Final = 500


@pytest.mark.timeout(180 + CUTS)
async def test_cuts_at_any_byte_lose_double_and_disorder_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    tokens = await populate(server.data)
    await server.start()
    crowd = Crowd(server, tokens, writers=20, listeners=10, rooms=("general", "ops"))
    try:
        async with between(server.port, cuts=CUTS, outage_every=rounds(25, 50), outage_seconds=OUTAGE_SECONDS) as proxy:
            await crowd.come(proxy.port)
            await until(lambda: proxy.cuts_left == 0, seconds=30 + CUTS)
            assert await crowd.verdict() == []
    finally:
        await crowd.go()
        await server.kill()
    # Not each of them: who was refused for long may have come once, after the last cut.
    assert sum(listener.connects for listener in crowd.listeners) > len(crowd.listeners)
    print(
        f"chaos: {CUTS} cuts, {proxy.within_the_handshake} within the handshake, {len(proxy.outages)} outages of"
        f" {min(proxy.outages):.1f} to {max(proxy.outages):.1f} s, {crowd.answers} answers,"
        f" {crowd.total('resent')} sent again"
    )


@pytest.mark.timeout(180 + MISSED // 100)
async def test_whoever_missed_too_much_is_told_so_and_has_everything_after_reading_back(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    async with pressed(server, await populate(server.data), writers=60, listeners=1, rooms=("general",)) as crowd:
        heard, ear = (client.ears["general"] for client in (crowd.listeners[0], crowd.away))
        # Not by answers or versions: a message that has changed often is missed once.
        await until(lambda: len(heard.state) > len(ear.state) + MISSED, seconds=30 + MISSED // 100)
        assert await crowd.verdict() == []
        (_, _, _, was_complete), (_, _, _, is_complete), *_ = ear.answers
        assert (was_complete, is_complete) == (True, False)
        print(f"away: {len(ear.state)} messages, over {MISSED} messages missed, all read back")


@pytest.mark.timeout(180 + RESUMES)
async def test_coming_back_to_a_few_hundred_missed_is_one_answer(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    took: list[float] = []
    async with pressed(server, await populate(server.data), writers=10, listeners=1, rooms=("general",)) as crowd:
        await until(lambda: crowd.answers > 2 * FEW, seconds=30)
        for _ in range(RESUMES):
            ear = crowd.listeners[0].ears["general"]
            after, began = max(ear.version - FEW, 1), asyncio.get_running_loop().time()
            line = await Line.open(server.port, crowd.token)
            line.send("subscribe", room="general", ref=1, after=after, epoch=ear.epoch)
            while (said := await line.receive()).ref != 1:
                assert said.event == "hello"
            took.append(asyncio.get_running_loop().time() - began)
            assert said.complete
            assert len({message.index for message in said.messages}) == len(said.messages)
            assert all(message.version > after for message in said.messages)
            line.cut()
    print(f"resume of {FEW} changes while 10 write: {statistics.median(took):.3f} s, at most {max(took):.3f} s")
