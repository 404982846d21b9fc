"""Frames that nobody can use, from sockets opened again as soon as they are closed: others are still served."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession

from chatapp.core.limits import REFUSALS_AT_ONCE, REFUSALS_PER_MINUTE
from chatapp.gateway.endpoint import INBOUND_AT_ONCE, INBOUND_PER_MINUTE
from tests.faults.crowd import populate
from tests.faults.figures import p99
from tests.faults.line import TEXT, Gone, Line, Refused
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server

SOCKETS: Final = 6
SECONDS: Final = rounds(1, 20)
ENTRIES: Final = ",".join(f'"k{number}":0' for number in range(6_000))
# Cut off, unknown, and with a key said twice: what takes longest to find fault with.
LARGE: Final = (f"{{{ENTRIES}", f'{{"action":"?",{ENTRIES}}}', f'{{"action":"ping",{ENTRIES},"k1":0}}')
SMALL: Final = ("{", '{"action":"?"}')
REFUSED: Final = ("bad_json", "unknown_action")
PAUSE_SECONDS: Final = 0.02
GOAL_SECONDS: Final = 0.02


class Flooder:
    """Writes bad frames as fast as they are taken, and comes back at once when it is closed."""

    def __init__(self, port: int, token: str, frames: Sequence[str], heard: Counter[str]) -> None:
        self._port = port
        self._token = token
        self._frames = [frame.encode() for frame in frames]
        self._heard = heard

    async def runs(self) -> None:
        while True:
            try:
                line = await Line.open(self._port, self._token)
            except (OSError, Refused) as error:
                self._heard[f"upgrade {error.status}" if isinstance(error, Refused) else "reset"] += 1
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self._heard["opened"] += 1
            writing = asyncio.create_task(self._writes(line))
            try:
                while True:
                    said = await line.receive()
                    self._heard[said.error.code if said.error else said.event] += 1
            except Gone as gone:
                self._heard[f"closed with {gone.code}"] += 1
            finally:
                writing.cancel()
                line.cut()

    async def _writes(self, line: Line) -> None:
        with contextlib.suppress(OSError):
            for frame in itertools.cycle(self._frames):
                line.write(TEXT, frame)
                await line.written()
                # Writing what is taken at once does not wait by itself.
                await asyncio.sleep(0)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    running = Server(tmp_path / "data")
    yield running
    await running.kill()


async def asks(session: ClientSession, server: Server, seconds: float) -> list[float]:
    """``/healthz`` again and again, each answer's time in seconds."""
    took: list[float] = []
    ends = time.monotonic() + seconds
    while (began := time.monotonic()) < ends:
        async with session.get(f"{server.url}/healthz") as answer:
            assert answer.status == 200
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.01)
    return took


async def is_served(server: Server, token: str) -> None:
    """Somebody else comes and is answered."""
    line = await Line.open(server.port, token)
    line.send("subscribe", room="general", ref=1)
    while not (await line.receive()).ok:
        pass
    line.cut()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("frames", [LARGE, SMALL], ids=["large", "small"])
async def test_a_flood_of_bad_frames_from_sockets_opened_again_is_bounded(
    server: Server, frames: Sequence[str]
) -> None:
    tokens = await populate(server.data, ("general",))
    await server.start()
    heard: Counter[str] = Counter()
    async with ClientSession() as session:
        calm = await asks(session, server, SECONDS / 4)
        began = time.monotonic()
        flood = [asyncio.create_task(Flooder(server.port, tokens[1], frames, heard).runs()) for _ in range(SOCKETS)]
        await until(lambda: heard["bad_json"] > 0)
        busy = await asks(session, server, SECONDS)
        await is_served(server, tokens[2])
        if frames is SMALL:
            await until(lambda: min(heard["closed with 4429"], heard["upgrade 503"]) > 0)
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
    minutes = (time.monotonic() - began) / 60
    print(
        f"bad frames, {60 * minutes:.1f} s: /healthz {statistics.median(calm) * 1000:.1f} ms, meanwhile"
        f" {statistics.median(busy) * 1000:.1f} ms (median), {p99(busy) * 1000:.0f} ms (p99); {dict(heard)}"
    )
    looked_at = sum(heard[code] for code in REFUSED)
    # The one too many is answered as well, and then the socket is closed.
    assert looked_at <= REFUSALS_AT_ONCE + REFUSALS_PER_MINUTE * minutes + heard["closed with 4429"]
    # The last of them may be taken on credit.
    assert (looked_at - 1) * min(map(len, frames)) <= INBOUND_AT_ONCE + INBOUND_PER_MINUTE * minutes
    if IS_LONG:
        assert statistics.median(busy) < GOAL_SECONDS
