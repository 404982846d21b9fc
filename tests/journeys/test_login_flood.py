"""A flood of logins waits in a short line, and those who talk do not notice."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, TCPConnector

from chatapp.domain.hashing import MOST_WAITING
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server

FLOODS: Final = (40, 200)
# One address takes only a few places of the line.
ADDRESSES: Final = 8
PINGS: Final = rounds(100, 1_000)
# On a machine of its own; only the long run has one.
SLOWER_SECONDS: Final = 0.01


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[Server, str]]:
    started = Server(tmp_path / "data", LIMITS="off", PASSWORD_MEMORY_KIB="19456")
    token = await started.add_person("ada")
    await started.start()
    yield started, token
    await started.kill()


async def times(ws: ClientWebSocketResponse, goes_on: Callable[[int], bool]) -> list[float]:
    """Seconds to each answer, one asked after the other; ``goes_on`` is told how many there are."""
    took: list[float] = []
    while goes_on(len(took)):
        began = time.perf_counter()
        await ws.send_json({"action": "ping"})
        await ws.receive_json(timeout=10)
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0)
    return took


def p99(took: list[float]) -> float:
    return statistics.quantiles(took, n=100)[98]


def session_from(address: str) -> ClientSession:
    return ClientSession(connector=TCPConnector(local_addr=(address, 0)))


async def logs_in(session: ClientSession, url: str, number: int) -> int:
    body = {"username": f"person{number}", "password": "wrong password"}
    async with session.post(f"{url}/api/v1/tokens", json=body) as answer:
        await answer.read()
        assert answer.status != 429 or int(answer.headers["Retry-After"]) > 0
        return answer.status


@pytest.mark.timeout(180)
async def test_a_flood_of_logins_does_not_slow_those_who_talk(server: tuple[Server, str]) -> None:
    running, token = server
    async with contextlib.AsyncExitStack() as stack:
        strangers = [await stack.enter_async_context(session_from(f"127.0.0.{n + 2}")) for n in range(ADDRESSES)]
        ws = await stack.enter_async_context(strangers[0].ws_connect(f"{running.url}/ws?token={token}"))
        await ws.receive_json(timeout=10)
        for size in FLOODS:
            calm = await times(ws, lambda count: count < PINGS)
            flood = asyncio.gather(*(logs_in(strangers[n % ADDRESSES], running.url, n) for n in range(size)))
            busy = await times(ws, lambda _, flood=flood: not flood.done())  # type: ignore[misc]
            answers = Counter(await flood)
            print(
                f"{size} logins: p99 of an answer {p99(calm) * 1000:.1f} then {p99(busy) * 1000:.1f} ms,"
                f" {len(busy)} answers meanwhile; {dict(answers)}"
            )
            assert answers.keys() <= {401, 429}
            assert answers[401] >= MOST_WAITING // 2
            assert len(busy) > answers[401]
            if IS_LONG:
                assert p99(busy) - p99(calm) < SLOWER_SECONDS
        # Where a hash holds everybody up nobody stands in line, and so nobody is turned away.
        assert answers[429] > 0
