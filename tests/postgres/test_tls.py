"""A server on another machine: the way to it is encrypted, and whoever else answers is not taken for it."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from tests.support.certificate import NAME, certify
from tests.support.command import Here
from tests.support.server import Server as Chat

# What a client says first when it wants TLS: eight bytes, the second four this number (PostgreSQL, 54.2.10).
ASKS_FOR_TLS: Final = (8).to_bytes(4) + (80877103).to_bytes(4)
CHUNK: Final = 65_536
VERIFIED: Final = "sslmode=verify-full&sslrootcert="


class Front:
    """Stands before a PostgreSQL server that knows no TLS, and gives it to those who ask; all others are sent away."""

    def __init__(self, url: str, folder: Path) -> None:
        self.encrypted = self.plain = 0
        self.port = 0
        self.chain, private = certify(folder)
        self._to = urlsplit(url)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.chain, private)

    def url(self, query: str, name: str = NAME) -> str:
        return f"postgresql://postgres:canary-of-a-password@{name}:{self.port}{self._to.path}?{query}"

    async def carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        if await reader.readexactly(len(ASKS_FOR_TLS)) != ASKS_FOR_TLS:
            self.plain += 1
            writer.close()
            return
        writer.write(b"S")
        # A client that does not trust us hangs up in the middle.
        with suppress(OSError, ssl.SSLError):
            await writer.start_tls(self._context)
            self.encrypted += 1
            ours, theirs = await asyncio.open_connection(self._to.hostname, self._to.port)
            await asyncio.gather(_pour(reader, theirs), _pour(ours, writer))


async def _pour(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def front(url: str, tmp_path: Path) -> AsyncIterator[Front]:
    front = Front(url, tmp_path)
    async with await asyncio.start_server(front.carry, "127.0.0.1", 0) as server:
        front.port = server.sockets[0].getsockname()[1]
        yield front


async def test_all_that_is_said_to_the_server_is_encrypted(front: Front, tmp_path: Path) -> None:
    chat = Chat(tmp_path / "data", DATABASE_URL=front.url(f"{VERIFIED}{front.chain}"))
    token = await chat.add_person("ada")
    before = front.encrypted
    try:
        await chat.start()
        async with ClientSession(chat.url, headers={"Authorization": f"Bearer {token}"}) as ada:
            answer = await ada.post("/api/v1/rooms/general/messages", json={"content": "hello"})
            assert answer.status == 201
        assert await chat.stop() == 0
    finally:
        await chat.kill()
    # To begin, for news, for reading and for writing.
    assert front.encrypted - before >= 4
    assert front.plain == 0


@pytest.mark.parametrize("fault", ["another certificate", "another name", "no encryption"])
async def test_who_is_not_the_server_is_told_nothing(front: Front, url: str, tmp_path: Path, fault: str) -> None:
    (other := tmp_path / "other").mkdir()
    urls: dict[str, Any] = {
        "another certificate": lambda: front.url(f"{VERIFIED}{certify(other)[0]}"),
        "another name": lambda: front.url(f"{VERIFIED}{front.chain}", "127.0.0.1"),
        "no encryption": lambda: f"{url}?sslmode=require",
    }
    done = await asyncio.to_thread(Here(tmp_path / "data"), "serve", CHATAPP_DATABASE_URL=urls[fault]())
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("PostgreSQL at ")
    assert " cannot be used: " in done.err
    assert done.err.count("\n") == 1
    assert "canary" not in done.err
    assert (front.encrypted, front.plain) == (0, 0)
