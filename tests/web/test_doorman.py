"""So many connections and no more; whoever leaves makes room at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack
from itertools import pairwise

import pytest

from chatapp.serving import taking_few
from chatapp.web.doorman import Doorman
from tests.support.house import until


class Host(asyncio.Protocol):
    """Greets, and repeats what it hears."""

    lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"hello")

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def eof_received(self) -> bool:
        self.transport.write(b"bye")
        self.transport.close()
        return True

    def connection_lost(self, _error: Exception | None) -> None:
        Host.lost += 1


class Door:
    def __init__(self, port: int) -> None:
        self._port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def knocks(self) -> asyncio.StreamReader | None:
        """What a guest hears, or None for who is hung up on."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.writers.append(writer)
        try:
            return reader if await reader.readexactly(5) == b"hello" else None
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def leaves(self) -> None:
        known = Host.lost
        writer = self.writers.pop()
        writer.transport.abort()
        await until(lambda: Host.lost == known + 1)


async def opened(per_address: int | None, most: int) -> tuple[asyncio.Server, Door]:
    doorman = Doorman(Host, per_address=per_address, most=most, is_exempt=lambda _: False)
    server = await asyncio.get_running_loop().create_server(doorman, "127.0.0.1", 0)
    return server, Door(server.sockets[0].getsockname()[1])


@pytest.fixture(params=[(3, 1000), (None, 3)], ids=["an address", "all together"])
async def door(request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    """It takes three."""
    server, door = await opened(*request.param)
    async with server:
        yield door
        for writer in door.writers:
            writer.transport.abort()


async def test_whoever_leaves_makes_room_at_once(door: Door) -> None:
    for _ in range(50):
        assert await door.knocks()
        await door.leaves()
    assert all([await door.knocks() for _ in range(3)])


async def test_one_too_many_is_hung_up_on_and_not_counted(door: Door) -> None:
    assert all([await door.knocks() for _ in range(3)])
    for _ in range(5):
        assert not await door.knocks()
        door.writers.pop().close()
    await door.leaves()
    assert await door.knocks()
    assert not await door.knocks()


async def test_behind_the_door_all_is_heard_to_the_end(door: Door) -> None:
    reader = await door.knocks()
    assert reader is not None
    door.writers[0].write(b"are you there?")
    assert await reader.readexactly(14) == b"are you there?"
    door.writers[0].write_eof()
    assert await reader.read() == b"bye"


async def test_of_many_who_come_at_once_a_few_are_taken_in_each_turn_of_the_loop() -> None:
    many, taken, counts = 120, list[asyncio.Transport](), [0]

    class Comer(Host):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            taken.append(self.transport)

    with ExitStack() as stack:
        async with await taking_few(Comer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            for _ in range(many):
                # The kernel says yes at once, before anybody has looked.
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
            while counts[-1] < many:
                await asyncio.sleep(0)
                counts.append(len(taken))
            for transport in taken:
                transport.abort()
    assert max(later - earlier for earlier, later in pairwise(counts)) < many / 10
