"""Those who connect and dawdle hold nobody up, and are hung up on before long."""

from __future__ import annotations

import asyncio
import io
import resource
import socket
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Self

import pytest
from aiohttp import ClientSession

from tests.support.needs import needs
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server, serving

ADDRESSES: Final = rounds(10, 50)
EACH: Final = rounds(8, 20)
# On a machine that is busy with other tests the short run only shows that they are hung up on, and nobody is stuck.
# More than lies between two ends of a connection.
LARGE: Final = 20_000_000
PATIENCE: Final = 20.0 if IS_LONG else 60.0
HEALTHY_SECONDS: Final = 0.2 if IS_LONG else 5.0
FORM: Final = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
OWN: Final = b"Sec-Fetch-Site: same-origin\r\n"
KINDS: Final[dict[str, tuple[bytes, bytes]]] = {
    "says nothing": (b"", b""),
    "stops within the header": (b"GET / HTTP/1.1\r\nHost: x\r\nX-More: ", b""),
    "lets the header drip": (b"GET / HTTP/1.1\r\nHost: x\r\nX-More: ", b"x"),
    "lets a body drip": (FORM + OWN + b"Content-Length: 1000\r\n\r\n", b"x"),
    "lets a body drip that nobody reads": (FORM + b"Content-Length: 1000\r\n\r\n", b"x"),
}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path / "data") as started:
        yield started


async def dawdles(server: Server, address: str, head: bytes, drop: bytes) -> float:
    """Seconds until the server has hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))
    began = time.monotonic()
    writer.write(head)
    ended = asyncio.create_task(reader.read())
    try:
        while not (await asyncio.wait([ended], timeout=2))[0]:
            assert time.monotonic() - began < 2 * PATIENCE, "It is still open."
            writer.write(drop)
        ended.exception()
        return time.monotonic() - began
    finally:
        ended.cancel()
        writer.transport.abort()


async def asks_how_it_is(server: Server, others: asyncio.Future[list[float]]) -> list[float]:
    """Seconds each look at ``/healthz`` took, until the others have all gone."""
    took = []
    async with ClientSession() as session:
        while not others.done():
            began = time.monotonic()
            async with session.get(f"{server.url}/healthz") as answer:
                assert answer.status == 200
                await answer.read()
            took.append(time.monotonic() - began)
            await asyncio.wait([others], timeout=0.05)
    return took


@pytest.mark.timeout(180)
async def test_dawdlers_hold_nobody_up_and_are_hung_up_on(server: Server) -> None:
    crowd = asyncio.gather(
        *(
            dawdles(server, f"127.0.1.{number + 1}", *kind)
            for number in range(ADDRESSES)
            for kind in KINDS.values()
            for _ in range(EACH)
        )
    )
    took = await asks_how_it_is(server, crowd)
    held = await crowd
    p99 = statistics.quantiles(took, n=100)[98]
    print(f"{len(held)} dawdlers, the longest {max(held):.1f} s; /healthz p99 {p99 * 1000:.0f} ms of {len(took)}")
    assert max(held) < PATIENCE
    # Hung up on for dawdling, not at the door.
    assert min(held) > 2
    assert p99 < HEALTHY_SECONDS


async def test_who_takes_nothing_of_a_file_is_hung_up_on(tmp_path: Path) -> None:
    needs("TCP_USER_TIMEOUT, as Linux has it,", is_there=hasattr(socket, "TCP_USER_TIMEOUT"))
    server = Server(tmp_path / "data", STALLED_SECONDS="2")
    bearer = {"Authorization": f"Bearer {await server.add_person('ada')}"}
    await server.start()
    try:
        into = f"{server.url}/api/v1/files?room=general&name=large"
        async with (
            ClientSession() as session,
            session.post(into, data=io.BytesIO(bytes(LARGE)), headers=bearer) as done,
        ):
            address = (await done.json())["url"]
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(f"GET {address} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer['Authorization']}\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE):
            while not writer.is_closing():
                # By what it is answered to this a client learns that nobody is there any more.
                await asyncio.sleep(0.2)
                writer.write(b"x")
    finally:
        await server.kill()


class Crowd:
    """Connections that stay open until the end."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.writers: list[asyncio.StreamWriter] = []

    async def is_served(self, address: str) -> bool:
        """Whether a new connection gets an answer, or is hung up on."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port, local_addr=(address, 0))
        self.writers.append(writer)
        try:
            writer.write(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(20):
                await reader.readuntil(b"PONG!")
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        return True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.sleep(0)


async def test_an_address_may_hold_so_many_connections_and_no_more(tmp_path: Path) -> None:
    more = {"SOCKETS_PER_ADDRESS": "5", "TRUSTED_PROXIES": "127.0.2.9"}
    async with serving(tmp_path / "data", **more) as server, Crowd(server) as crowd:
        assert all([await crowd.is_served("127.0.2.1") for _ in range(20)])
        assert not await crowd.is_served("127.0.2.1")
        assert await crowd.is_served("127.0.2.2")
        # Behind a proxy there are many; whose they are is known once the request is read.
        assert all([await crowd.is_served("127.0.2.9") for _ in range(25)])
        crowd.writers[0].close()
        await crowd.writers[0].wait_closed()
        async with asyncio.timeout(20):
            while not await crowd.is_served("127.0.2.1"):
                pass


async def test_the_server_takes_all_the_descriptors_it_may_have(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, hard - 1), hard))
    try:
        async with serving(tmp_path / "data") as server:
            assert of_process(server, "limits", "Max open files")[3:5] == [str(hard)] * 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_an_endless_body_is_refused_and_fills_no_memory(server: Server) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 262_144

    before = memory_kib(server)
    headers = {"Content-Type": "application/json"}
    async with ClientSession() as session:
        for path in ("/api/v1/tokens", "/api/v1/rooms/general/messages"):
            try:
                async with session.post(server.url + path, data=endless(), headers=headers) as answer:
                    assert answer.status in {401, 413}
            except ConnectionError:
                # It hung up while we were still sending, which the client may notice before the answer.
                continue
    assert memory_kib(server) - before < 16_384


def memory_kib(server: Server) -> int:
    return int(of_process(server, "status", "VmRSS")[1])


def of_process(server: Server, file: str, line: str) -> list[str]:
    """The words of that line of what Linux tells about the server."""
    assert server._process
    told = Path(f"/proc/{server._process.pid}/{file}").read_text()
    return next(found for found in told.splitlines() if found.startswith(line)).split()
