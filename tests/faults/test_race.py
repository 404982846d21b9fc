"""Subscribing while others talk: between the answer and the news nothing is missing and nothing comes twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.line import Line, Said
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import Server

SUBSCRIBES: Final = rounds(150, 1000)
AT_ONCE: Final = 10
# Long enough that the last of it was posted well after the answer.
NEWS: Final = rounds(20, 250)
WRITERS: Final = 10


class Newcomer:
    """Subscribes in each of the ways there are, and counts what it hears."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self.subscribes = 0
        self.deliveries = 0

    async def comes_and_goes(self, times: int) -> None:
        after, epoch = 0, ""
        for turn in range(times):
            line = await Line.open(self._crowd.server.port, self._crowd.token)
            try:
                where = {"after": after, "epoch": epoch} if turn % 2 and epoch else {"limit": turn % 200}
                answer = await self._subscribes(line, **where)
                if "after" in where:
                    assert [message.version for message in answer.messages] == sorted(
                        m.version for m in answer.messages
                    )
                    assert all(after < message.version <= answer.version for message in answer.messages)
                after, epoch = await self._hears_on(line, answer.version), answer.epoch
            finally:
                line.cut()

    async def _subscribes(self, line: Line, **where: int | str) -> Said:
        line.send("subscribe", room="general", ref=1, **where)
        answer = await line.receive()
        if answer.event == "hello":
            answer = await line.receive()
        assert (answer.event, answer.ok, answer.complete) == ("", True, True)
        self.subscribes += 1
        return answer

    async def _hears_on(self, line: Line, version: int) -> int:
        """News joins up with the answer, version by version; the last one heard."""
        for _ in range(NEWS):
            said = await line.receive()
            heard = [message.version for message in said.messages]
            assert heard == list(range(version + 1, version + 1 + len(heard))), (version, heard)
            version += len(heard)
            self.deliveries += len(heard)
        return version


@pytest.mark.timeout(180 + SUBSCRIBES)
async def test_whoever_subscribes_during_a_flood_has_no_hole_and_no_double(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    tokens = await populate(server.data)
    async with pressed(server, tokens, writers=WRITERS, listeners=0, rooms=("general",)) as crowd:
        await crowd.next_answer()
        newcomer, began, answers = Newcomer(crowd), asyncio.get_running_loop().time(), crowd.answers
        await asyncio.gather(*(newcomer.comes_and_goes(SUBSCRIBES // AT_ONCE) for _ in range(AT_ONCE)))
        rate = (crowd.answers - answers) / (asyncio.get_running_loop().time() - began)
        await until(lambda: newcomer.subscribes == SUBSCRIBES)
        assert await crowd.verdict() == []
    print(f"race: {newcomer.subscribes} subscribes at {rate:.0f} changes/s, {newcomer.deliveries} deliveries, 0 wrong")
