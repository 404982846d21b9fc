"""Frames that come along with the request for the upgrade: a client has to wait for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.support.wire import CLOSE, PING, TEXT, RawSocket, frame, upgrade

SAY = b'{"action":"ping","ref":1}'


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Server, str]]:
    """The server, and Ada's token."""
    server = Server(tmp_path / "data")
    token = await server.add_person("ada")
    await server.start()
    try:
        yield server, token
    finally:
        await server.stop()


async def opens(server: Server, token: str, path: str, more: bytes) -> RawSocket:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    raw = RawSocket(reader, writer, f"127.0.0.1:{server.port}")
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *upgrade(), f"Authorization: Bearer {token}"]
    writer.write("\r\n".join([*lines, "", ""]).encode() + more)
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return raw


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_what_comes_in_the_packet_of_the_upgrade_is_not_answered_but_closes_the_socket(
    running: tuple[Server, str], path: str
) -> None:
    server, token = running
    early = {
        "without a mask": frame(TEXT, SAY, is_masked=False),
        "masked": frame(TEXT, SAY),
        "its first byte": frame(TEXT, SAY)[:1],
        "a ping": frame(PING, b""),
        "a message's beginning": frame(TEXT, SAY, is_final=False),
    }
    for words, more in early.items():
        raw = await opens(server, token, path, more)
        found = await raw.hears()
        assert (found.opcode, found.payload[:2]) == (CLOSE, b"\x03\xea"), (words, found)
        raw.hangs_up()
    raw = await opens(server, token, path, b"")
    raw.says(action="ping", ref=1)
    raw.sends(TEXT, b'{"action":"getRecentMessages","room":"general"}')
    heard = [await raw.hears() for _ in range(2)]
    assert {found.opcode for found in heard} == {TEXT}
    raw.hangs_up()
