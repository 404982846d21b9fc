"""Hanging up on somebody who has just gone by himself is no error."""

from __future__ import annotations

import asyncio
import socket

from chatapp.gateway.connection import hang_up
from tests.support.time import eventually


async def test_a_transport_that_was_closed_and_then_read_to_its_end_can_be_hung_up_on() -> None:
    ours, theirs = socket.socketpair()
    lost: list[bool] = []

    class Protocol(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            lost.append(True)

    transport, _ = await asyncio.get_running_loop().create_connection(Protocol, sock=ours)
    transport.write(b"x" * 2_000_000)
    assert transport.get_write_buffer_size()
    transport.close()
    reader, writer = await asyncio.open_connection(sock=theirs)
    assert len(await reader.read(-1)) == 2_000_000
    await eventually(lambda: lost)
    hang_up(transport)
    writer.close()


async def test_one_that_waits_to_be_read_is_cut_off() -> None:
    ours, theirs = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    transport.write(b"x" * 2_000_000)
    transport.close()
    hang_up(transport)
    reader, writer = await asyncio.open_connection(sock=theirs)
    assert len(await reader.read(-1)) < 2_000_000
    writer.close()
