"""Thousands come and go in every way there is, and the server is as it was before."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import struct
import weakref
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from chatapp.gateway.connection import Connection
from chatapp.gateway.guard import Guard
from chatapp.keys import GATEWAY
from chatapp.realtime.audience import Subscription
from chatapp.settings import Settings
from chatapp.web import unreadable
from tests.faults.crowd import ROOMS, populate
from tests.faults.cycles import VISITS, Visitor
from tests.faults.figures import descriptors, resident_mib, visitors
from tests.faults.line import CLOSE, Gone, Line
from tests.support.cast import Actor, Given
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import Server

# Four of ten connect, post and close; the others get less far.
CYCLES: Final = rounds(300, 25_000)
# Until every path has been gone once and every cache is full.
WARM: Final = rounds(100, 2_000)
GROWTH_MIB: Final = 16
SECONDS: Final = 30.0


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[Server, str]]:
    running = Server(tmp_path / "data", LIMITS="off")
    tokens = await populate(running.data)
    await running.start()
    yield running, tokens[0]
    await running.kill()


@pytest.mark.timeout(180 + CYCLES // 10)
async def test_a_process_neither_grows_nor_complains(server: tuple[Server, str]) -> None:
    running, token = server
    visitor = Visitor(running.port, token, ROOMS)
    idle = visitors(running.pid, running.port)
    await visitor.visits_often(WARM)
    await until(lambda: visitors(running.pid, running.port) == idle, seconds=SECONDS)
    before, open_before = resident_mib(running.pid), descriptors(running.pid)
    await visitor.visits_often(CYCLES)
    await until(lambda: visitors(running.pid, running.port) == idle, seconds=SECONDS)
    # One that was reset is off the kernel's list before the process has heard of it.
    await until(lambda: descriptors(running.pid) <= open_before, seconds=SECONDS)
    growth = resident_mib(running.pid) - before
    print(f"leaks: {CYCLES} visits after {WARM}, {visitor.answered} posts, {growth:+.1f} MiB on {before:.0f}")
    assert visitor.answered >= 4 * (CYCLES + WARM) // len(VISITS)
    assert growth < GROWTH_MIB
    assert await running.stop() == 0
    complaints = ("Traceback", "never retrieved", "[error", "[critical", "unclosed", "Warning:")
    assert [line for line in running.output if any(word in line for word in complaints)] == []


class TestInside:
    """The same in our own process, where every object can be looked at."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, limits=False)

    async def test_no_task_no_object_and_no_entry_is_left(
        self, app: web.Application, client: TestClient[Any, Any], given: Given, ada: Actor
    ) -> None:
        for number in range(4):
            await given.room(f"room {number}", owner=ada)
        assert client.port
        rooms = ["general", *(f"room-{number}" for number in range(4))]
        visitor = Visitor(client.port, ada.token, rooms)
        await visitor.visits_often(len(VISITS))
        await self.nobody_is_left(app)
        tasks = len(asyncio.all_tasks())
        await visitor.visits_often(rounds(100, 2_000))
        await self.nobody_is_left(app)
        await until(lambda: len(asyncio.all_tasks()) <= tasks, seconds=SECONDS)

    async def nobody_is_left(self, app: web.Application) -> None:
        gateway = app[GATEWAY]
        hub, limits = gateway._chat.hub, gateway._chat.limits
        tables = [hub._people, hub._rooms, hub._unflushed, limits.sockets.here, limits.sockets_from.here, gateway._open]
        await until(lambda: not any(tables), seconds=SECONDS)
        # The last hand on a connection is the clock that would have cut it off.
        await until(lambda: not self.living(), seconds=SECONDS)

    def living(self) -> list[object]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, Connection | Guard | Subscription)]


class TestWithoutTheCollector:
    """Who has gone is freed: what waits for a search for circles piles up between two of them."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        # The clock of the next ping goes on to hold a socket until it would have been sent.
        return replace(settings, heartbeat=1)

    async def test_a_socket_is_held_by_nothing_once_it_is_over(
        self, app: web.Application, client: TestClient[Any, Any], ada: Actor
    ) -> None:
        runner = client.server.runner
        assert runner is not None
        assert runner.server is not None
        served = await asyncio.get_running_loop().create_server(unreadable.handlers(runner.server, {}), "127.0.0.1", 0)
        port = served.sockets[0].getsockname()[1]
        gc.collect()
        gc.disable()
        try:
            living = [
                weakref.ref(each)
                for way in ("hangs up", "resets", "says goodbye")
                for each in await self._comes_and_goes(app, port, ada.token, way)
            ]
            assert len(living) == 6
            await until(lambda: [each() for each in living] == [None] * 6, seconds=SECONDS)
        finally:
            gc.enable()
            served.close()

    async def _comes_and_goes(self, app: web.Application, port: int, token: str, way: str) -> list[object]:
        """Our part of a connection, and aiohttp's."""
        hub = app[GATEWAY]._chat.hub
        line = await Line.open(port, token)
        await line.receive()
        (connection,) = next(iter(hub._people.values()))
        assert isinstance(connection, Connection)
        if way == "says goodbye":
            line.write(CLOSE, struct.pack("!H", 1000))
            with contextlib.suppress(Gone):
                await line.receive()
        line.cut(resets=way == "resets")
        return [connection, connection.ws]
