"""Two machines on one: network namespaces joined by a cable that can be pulled out. Needs root and iproute2."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.faults.disks import succeeds
from tests.support.needs import needs
from tests.support.wire import RawSocket, upgrade

NEW_NETWORK: Final = 0x40000000
ADDRESSES: Final = {"server": "10.255.77.1", "client": "10.255.77.2"}
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Network:
    """The ``server``'s machine and the ``client``'s."""

    def __init__(self) -> None:
        self._names = {role: f"chatapp-{os.getpid()}-{role}" for role in ADDRESSES}
        self._raws: list[RawSocket] = []
        self._cables = {role: f"ca{os.getpid()}{role[0]}" for role in ADDRESSES}

    @property
    def on_the_server(self) -> tuple[str, ...]:
        """The words that run a program there."""
        return ("ip", "netns", "exec", self._names["server"])

    async def build(self) -> None:
        for name in self._names.values():
            needs("a network of one's own (root, iproute2)", is_there=await succeeds("ip", "netns", "add", name))
        ends = [("netns", self._names[role]) for role in ADDRESSES]
        one, other = self._cables.values()
        await _ip("link", "add", one, *ends[0], "type", "veth", "peer", "name", other, *ends[1])
        for role, address in ADDRESSES.items():
            await self._on(role, "address", "add", f"{address}/24", "dev", self._cables[role])
            await self._on(role, "link", "set", self._cables[role], "up")
            await self._on(role, "link", "set", "lo", "up")

    async def tear_down(self) -> None:
        for raw in self._raws:
            raw.writer.transport.abort()
        await asyncio.gather(*(raw.writer.wait_closed() for raw in self._raws), return_exceptions=True)
        for name in self._names.values():
            await succeeds("ip", "netns", "delete", name)

    async def pull_the_cable(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        await self._on("client", "link", "set", self._cables["client"], "down")

    async def lose_what_is_said_by(self, role: str) -> None:
        """One direction only."""
        await self._on(role, "route", "add", "blackhole", f"{_other(role)}/32")

    async def hear_again_what_is_said_by(self, role: str) -> None:
        await self._on(role, "route", "delete", "blackhole", f"{_other(role)}/32")

    async def connect(self, role: str, port: int) -> RawSocket:
        """A connection to the server, from one of the machines."""
        plain = await asyncio.to_thread(self._socket_of, role)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, (ADDRESSES["server"], port))
        self._raws.append(RawSocket(*await asyncio.open_connection(sock=plain), ADDRESSES["server"]))
        return self._raws[-1]

    async def open(self, role: str, port: int, token: str) -> RawSocket:
        """``/ws``, greeted."""
        raw = await self.connect(role, port)
        answer = await raw.asks("GET /ws HTTP/1.1", *upgrade(), f"Authorization: Bearer {token}")
        assert answer.status == 101, answer
        assert (await raw.hears()).json["event"] == "hello"
        return raw

    def _socket_of(self, role: str) -> socket.socket:
        # A socket belongs to the network its thread was in when it was made.
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        away = os.open(Path("/run/netns") / self._names[role], os.O_RDONLY)
        try:
            _enter(away)
            return socket.socket()
        finally:
            _enter(home)
            os.close(home)
            os.close(away)

    async def _on(self, role: str, *words: str) -> None:
        await _ip("-n", self._names[role], *words)


def _other(role: str) -> str:
    return next(address for each, address in ADDRESSES.items() if each != role)


async def _ip(*words: str) -> None:
    assert await succeeds("ip", *words), words


def _enter(network: int) -> None:
    assert _libc.setns(network, NEW_NETWORK) == 0, os.strerror(ctypes.get_errno())


@asynccontextmanager
async def two_machines() -> AsyncIterator[Network]:
    network = Network()
    try:
        await network.build()
        yield network
    finally:
        await network.tear_down()
