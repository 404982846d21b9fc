"""How many connections the server takes, before a byte of them is read: so many per address, and as many as fit."""

from __future__ import annotations

import asyncio
import resource
from collections import defaultdict
from collections.abc import Callable
from typing import Final, cast

import structlog

from chatapp.core.limits import network

# For the database, the log, and whatever a library opens: a server without descriptors can do nothing.
RESERVED_DESCRIPTORS: Final = 64
MOST_DESCRIPTORS: Final = 1_048_576
SWEEP_SECONDS: Final = 1.0

log = structlog.get_logger()


class Doorman:
    """A protocol factory in front of aiohttp's, which has no such bound.

    Who is over the bound is hung up on; ``is_exempt`` names the addresses of proxies, behind which many stand.
    """

    def __init__(
        self,
        let_in: Callable[[], asyncio.Protocol],
        *,
        per_address: int | None,
        most: int,
        is_exempt: Callable[[str], bool],
    ) -> None:
        self._let_in = let_in
        self._per_address = per_address
        self._most = most
        self._is_exempt = is_exempt
        self._open: defaultdict[str, set[asyncio.BaseTransport]] = defaultdict(set)
        self._count = 0
        self._swept_at = 0.0

    def __call__(self) -> asyncio.Protocol:
        return _Arrival(self)

    def arrived(self, transport: asyncio.Transport) -> None:
        """Hand the connection on to aiohttp, or end it."""
        address = (transport.get_extra_info("peername") or [""])[0]
        if self._is_full(address):
            transport.abort()
            return
        self._open[network(address)].add(transport)
        self._count += 1
        protocol = self._let_in()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    def _is_full(self, address: str) -> bool:
        self._sweep()
        here = self._open.get(network(address), ())
        is_bound = self._per_address is not None and not self._is_exempt(address)
        if is_bound and len(here) >= (self._per_address or 0):
            # Counted anew only where it matters: most addresses have a handful.
            return sum(not transport.is_closing() for transport in here) >= (self._per_address or 0)
        return self._count >= self._most

    def _sweep(self) -> None:
        """Forget those that have gone. Once a second, or a flood would have us do nothing else."""
        now = asyncio.get_running_loop().time()
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        for address, transports in tuple(self._open.items()):
            transports -= {transport for transport in transports if transport.is_closing()}
            if not transports:
                del self._open[address]
        count = sum(len(transports) for transports in self._open.values())
        if self._count >= self._most:
            log.warning("connections.full", open=count, most=self._most)
        self._count = count


class _Arrival(asyncio.Protocol):
    """A connection that nobody has looked at yet."""

    def __init__(self, doorman: Doorman) -> None:
        self._doorman = doorman

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._doorman.arrived(cast("asyncio.Transport", transport))


def most_connections() -> int:
    """Raise the number of descriptors this process may open; how many connections that leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(1, soft - RESERVED_DESCRIPTORS)
