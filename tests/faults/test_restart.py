"""Told to stop under load, the server says so to everybody, keeps what it answered, and goes."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import populate, pressed
from tests.faults.line import Gone, Line
from tests.support.rounds import rounds
from tests.support.server import Server

SOCKETS: Final = rounds(500, 2000)
MUTE: Final = rounds(25, 100)
WRITERS: Final = 50
AT_ONCE: Final = 50
# On a machine that does other things as well; the long run holds what is promised.
STOP_SECONDS: Final = rounds(30, 5)
TOLD_SECONDS: Final = rounds(30, 2)
START_SECONDS: Final = 60.0


async def goodbye(line: Line) -> list[str | int | None]:
    """Every event until the end, and the close code."""
    heard: list[str | int | None] = []
    try:
        while True:
            heard.append((await line.receive()).event)
    except Gone as gone:
        return [*heard, gone.code]
    finally:
        line.cut()


async def opens(port: int, token: str, count: int) -> list[Line]:
    found: list[Line] = []
    while len(found) < count:
        found += await asyncio.gather(*(Line.open(port, token) for _ in range(min(AT_ONCE, count - len(found)))))
    return found


@pytest.mark.timeout(240)
async def test_a_stop_under_load_tells_everybody_and_loses_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    tokens = await populate(server.data)
    async with pressed(server, tokens, writers=WRITERS, listeners=3) as crowd:
        lines = await opens(server.port, tokens[1], SOCKETS)
        mute = await opens(server.port, tokens[2], MUTE)
        await crowd.next_answer()
        began = asyncio.get_running_loop().time()
        stopping = asyncio.create_task(server.stop())
        farewells = await asyncio.gather(*(goodbye(line) for line in lines))
        told = asyncio.get_running_loop().time() - began
        assert await stopping == 0
        seconds = asyncio.get_running_loop().time() - began
        assert farewells == [["hello", "draining", 1012]] * SOCKETS
        assert [client.codes for client in (*crowd.listeners, *crowd.writers)] == [[1012]] * (WRITERS + 3)
        away = [head for writer in crowd.writers for head in writer.turned_away]
        assert {head.split()[1] for head in away} == {"503"}, "Nobody came back during the drain."
        assert all("\r\nRetry-After: " in head for head in away)
        for line in mute:
            line.cut()
        await server.start()
        await crowd.next_answer()
        assert await crowd.verdict() == []
    print(f"SIGTERM: {SOCKETS + WRITERS} sockets and {MUTE} mute, told in {told:.2f} s, exit after {seconds:.2f} s")
    assert told < TOLD_SECONDS
    assert seconds < STOP_SECONDS
    assert "Traceback" not in "\n".join(server.output)


async def test_a_start_that_fails_ends_the_process(tmp_path: Path) -> None:
    """A database thread that is left behind would keep it alive for ever, and the supervisor would wait."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(tmp_path / "data", PORT=str(taken.getsockname()[1]))
        with pytest.raises(AssertionError, match="address already in use"):
            await server.start()
        assert await asyncio.wait_for(server.exit_code(), START_SECONDS) == 1
