"""Redis goes, in each way in which it can: within a process nobody notices it, and once it is back all are whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from chatapp.realtime import redis_bus
from tests.faults.crowd import Crowd, populate
from tests.faults.line import Line
from tests.postgres.several import balance, processes, shared_settings
from tests.support.house import until
from tests.support.postgres import databases
from tests.support.redis_server import RedisServer
from tests.support.rounds import rounds

ROOMS: Final = ("general", "ops")
HOME: Final = "home"
ROUNDS: Final = rounds(1, 10)
# Longer than the bus waits for an answer: then it knows that something is wrong.
AWAY_SECONDS: Final = rounds(1, 10)
ANSWER_SECONDS: Final = rounds(1, 10) / 2
# The long run holds what is promised; in the ordinary one the machine may have other things to do.
WHOLE_SECONDS: Final = rounds(30, 5)
HEARD_SECONDS: Final = rounds(20, 5)
TOPS: Final = "SELECT slug, last_version FROM rooms"


class Wire:
    """To Redis. Cut, it takes everything and brings nothing, and nobody is told."""

    def __init__(self, port: int) -> None:
        self._far = port
        self.is_whole = asyncio.Event()
        self.is_whole.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.is_whole.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far)
            ways = [
                asyncio.create_task(self._bring(reader, far_writer)),
                asyncio.create_task(self._bring(far_reader, writer)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            far_writer.transport.abort()
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async def _bring(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(2**16):
            await self.is_whole.wait()
            writer.write(data)
            await writer.drain()


class Home:
    """Two sockets of one process: what is said by the one, the other hears."""

    def __init__(self, port: int, token: str) -> None:
        self.longest = 0.0
        self.said = 0
        self._port, self._token = port, token

    async def talks(self) -> None:
        """Until it is cancelled."""
        self._speaker, self._listener = [await Line.open(self._port, self._token) for _ in range(2)]
        try:
            await self._talk()
        finally:
            self._speaker.cut()
            self._listener.cut()

    async def _talk(self) -> None:
        self._listener.send("subscribe", room=HOME, ref=0, limit=0)
        while (await self._listener.receive()).ref is None:
            pass
        while True:
            began = asyncio.get_running_loop().time()
            self._speaker.send("sendMessage", room=HOME, content=f"{self.said}")
            while not (await self._speaker.receive()).ok:
                pass
            while not any(message.content == f"{self.said}" for message in (await self._listener.receive()).messages):
                pass
            self.longest = max(self.longest, asyncio.get_running_loop().time() - began)
            self.said += 1
            await asyncio.sleep(0.05)


class Away:
    """Redis and the wire to it."""

    def __init__(self, server: RedisServer, wire: Wire) -> None:
        self._server, self._wire = server, wire

    async def begins(self, how: str) -> None:
        match how:
            case "killed":
                self._server.kill()
            case "frozen":
                self._server.freeze()
            case "cut off":
                self._wire.is_whole.clear()
            case "emptied":
                self._server.does("FLUSHALL")
                self._server.does("CLIENT KILL TYPE pubsub")

    async def ends(self, how: str) -> None:
        match how:
            case "killed":
                await asyncio.to_thread(self._server.start)
            case "frozen":
                self._server.freeze(thaws=True)
            case "cut off":
                self._wire.is_whole.set()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@asynccontextmanager
async def pressed(tmp_path: Path, url: str, redis: RedisServer) -> AsyncIterator[tuple[Crowd, list[Home], Away]]:
    """Two processes, a crowd at both, and a pair at each."""
    async with AsyncExitStack() as stack:
        wire = Wire(redis.port)
        line = await stack.enter_async_context(await asyncio.start_server(wire.carry, "127.0.0.1", 0))
        address = f"redis://127.0.0.1:{line.sockets[0].getsockname()[1]}"
        settings = shared_settings(tmp_path / "data", url, redis_url=address)
        tokens = await populate(settings.data, (*ROOMS, HOME), settings=settings)
        found = await stack.enter_async_context(processes(2, settings))
        crowd: Any = Crowd(found[0], tokens, writers=12, listeners=8, rooms=ROOMS)  # type: ignore[arg-type]
        balance(crowd, [process.port for process in found])
        stack.push_async_callback(crowd.go)
        await crowd.come(found[0].port)
        homes = [Home(process.port, tokens[0]) for process in found]
        yield crowd, homes, Away(redis, wire)
        wire.is_whole.set()


async def whole_after(crowd: Crowd, url: str) -> float:
    """Seconds until every listener knows what the log has now."""
    began = asyncio.get_running_loop().time()
    tops = {room: top for room, top in databases().desk.asks(url, TOPS) if room in ROOMS}
    await until(lambda: all(ear.knows_up_to(tops) for ear in crowd.listeners), seconds=60)
    return asyncio.get_running_loop().time() - began


@pytest.mark.timeout(120 + ROUNDS * 3 * AWAY_SECONDS)
@pytest.mark.parametrize("how", ["killed", "frozen", "cut off", "emptied"])
async def test_within_a_process_nobody_notices_and_soon_all_are_whole(
    tmp_path: Path, url: str, redis: RedisServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(redis_bus, "SECONDS", ANSWER_SECONDS)
    async with pressed(tmp_path, url, redis) as (crowd, homes, away), asyncio.TaskGroup() as talking:
        talks = [talking.create_task(home.talks()) for home in homes]
        await crowd.next_answer()
        took = []
        for _ in range(ROUNDS):
            await away.begins(how)
            before = [home.said for home in homes]
            await asyncio.sleep(AWAY_SECONDS)
            assert all(home.said > said for home, said in zip(homes, before, strict=True))
            await away.ends(how)
            took.append(await whole_after(crowd, url))
        for talk in talks:
            talk.cancel()
        longest, said = max(home.longest for home in homes), sum(home.said for home in homes)
        print(f"Redis {how} {ROUNDS} times, {crowd.answers} answers: whole {max(took):.2f} s after its end;", end=" ")
        print(f"{said} messages were heard at home, the slowest after {longest:.2f} s")
        assert await crowd.verdict() == []
    assert max(took) < WHOLE_SECONDS
    assert longest < HEARD_SECONDS
