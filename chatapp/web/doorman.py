"""How many connections the server takes, before a byte of them is read: so many per address, and as many as fit."""

from __future__ import annotations

import asyncio
import math
import resource
from collections import Counter
from collections.abc import Callable
from typing import Final, cast

import structlog

from chatapp.core.limits import network

# For the database, the log, and whatever a library opens: a server without descriptors can do nothing.
RESERVED_DESCRIPTORS: Final = 64
MOST_DESCRIPTORS: Final = 1_048_576
QUIET_SECONDS: Final = 1.0

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
        self._open: Counter[str] = Counter()
        self._count = 0
        self._told_at = -math.inf

    def __call__(self) -> asyncio.Protocol:
        return _Visitor(self)

    def lets_in(self, address: str) -> asyncio.Protocol | None:
        """Who serves it, or None where it is one too many; :meth:`left` takes it back."""
        here = network(address)
        is_bound = self._per_address is not None and not self._is_exempt(address)
        if is_bound and self._open[here] >= (self._per_address or 0):
            return None
        if self._count >= self._most:
            self._say_so()
            return None
        self._count += 1
        self._open[here] += 1
        return self._let_in()

    def left(self, address: str) -> None:
        here = network(address)
        self._count -= 1
        self._open[here] -= 1
        if not self._open[here]:
            del self._open[here]

    def _say_so(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= QUIET_SECONDS:
            self._told_at = now
            log.warning("connections.full", open=self._count, most=self._most)


class _Visitor(asyncio.Protocol):
    """One connection: asked about at the door, then aiohttp's until it is lost."""

    def __init__(self, doorman: Doorman) -> None:
        self._doorman = doorman
        self._address = ""
        self._host: asyncio.Protocol | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._address = (transport.get_extra_info("peername") or [""])[0]
        self._host = self._doorman.lets_in(self._address)
        if self._host is None:
            cast("asyncio.Transport", transport).abort()
        else:
            self._host.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._host is not None:
            self._host.data_received(data)

    def eof_received(self) -> bool | None:
        return self._host.eof_received() if self._host is not None else None

    def pause_writing(self) -> None:
        if self._host is not None:
            self._host.pause_writing()

    def resume_writing(self) -> None:
        if self._host is not None:
            self._host.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        if self._host is not None:
            self._doorman.left(self._address)
            self._host.connection_lost(error)


def most_connections() -> int:
    """Raise the number of descriptors this process may open; how many connections that leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(1, soft - RESERVED_DESCRIPTORS)
