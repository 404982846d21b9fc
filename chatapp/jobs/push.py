"""Gives notices to the push services of browsers, and to nobody else: their addresses come from outside."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from chatapp.core.clock import Clock
from chatapp.core.destinations import may_reach, networks
from chatapp.core.push import is_open
from chatapp.domain.pushing import Due, Letter, Pushing
from chatapp.settings import Settings

SECONDS: Final = 10
AFTER_TROUBLE_SECONDS: Final = 1.0
MOST_IN_HAND: Final = 100
# RFC 8030, 7.3: there is no such subscription any more.
GONE: Final = frozenset({404, 410})

Reach = Callable[[str, int], bool]
"""Whether an address may be connected to at that port."""

log = structlog.get_logger(__name__)


class Elsewhere(OSError):
    """An address that is not one of the internet."""


class Answer(aiohttp.ClientError):
    """A push service did not take it. ``wait_ms``: how long it wants to be left alone."""

    def __init__(self, status: int, wait_ms: int = 0) -> None:
        self.status = status
        self.wait_ms = wait_ms
        super().__init__(f"status {status}")


class Courier:
    """To be closed. Every address behind a name must be allowed, and to one of those it goes (RFC 1918 and
    all other networks that are not the internet: only where the operator has named them)."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._allowed = networks(settings.push_networks)
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _opened(self) -> aiohttp.ClientSession:
        """With the first notice: a start would wait for all the certificates that this machine trusts to be read. What
        aiohttp has by itself trusts none."""
        async with self._opening:
            if self._session is None:
                trusted = await asyncio.to_thread(ssl.create_default_context)
                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(resolver=Resolver(self.may_reach), use_dns_cache=False, ssl=trusted),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    timeout=aiohttp.ClientTimeout(total=SECONDS),
                    auto_decompress=False,
                    headers={"User-Agent": "chatapp"},
                )
            return self._session

    def may_reach(self, address: str, port: int) -> bool:
        return may_reach(address, port, self._allowed)

    async def deliver(self, letter: Letter) -> None:
        """Raises :class:`Answer`, :class:`Elsewhere` where the address is none to go to, ``OSError``, ``TimeoutError``
        or another of aiohttp's errors."""
        parts = urlsplit(letter.address)
        # Asked when it was subscribed too; the operator may have taken a network away since.
        if not is_open(parts, self._allowed):
            raise Elsewhere(parts.hostname)
        url, session = URL(letter.address, encoded=True), await self._opened()
        try:
            async with session.post(url, data=letter.body, headers=letter.headers, allow_redirects=False) as answer:
                if not 200 <= answer.status < 300:
                    raise Answer(answer.status, self._wait_ms(answer.headers.get("Retry-After", "")))
        except aiohttp.ClientConnectorDNSError as error:
            raise error.os_error from None

    def _wait_ms(self, text: str) -> int:
        """RFC 9110, 10.2.3: seconds, or a date; 0 for what is neither."""
        if text.isascii() and text.isdigit():
            return int(text[:9]) * 1000
        try:
            return max(0, int(parsedate_to_datetime(text).timestamp() * 1000) - self._clock())
        except (ValueError, OverflowError):
            return 0


class Resolver(AbstractResolver):
    """Looks a name up once. What is connected to is what was judged, whatever the name means a moment later."""

    def __init__(self, may_reach: Reach) -> None:
        self._may_reach = may_reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await _looked_up(host, port, family)
        addresses = [(str(each[4][0]), each[0]) for each in found]
        if not all(self._may_reach(address, port) for address, _ in addresses):
            raise Elsewhere(host)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def _looked_up(host: str, port: int, family: int) -> list[Any]:
    """On a thread of its own, which no end waits for: names of somebody's choice may take half a minute each, and all
    that reads and writes files shares the few threads of the loop."""
    found: Future[list[Any]] = Future()

    def look_up() -> None:
        found.set_running_or_notify_cancel()
        try:
            found.set_result(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=look_up, name="push address", daemon=True).start()
    return await asyncio.wrap_future(found)


class Pusher:
    """Runs while the context is open: decides who is told, and sends, many at a time."""

    def __init__(self, pushing: Pushing, courier: Courier) -> None:
        self._deciding = pushing.deciding
        self._pushing = pushing
        self._courier = courier
        self._tasks: list[asyncio.Task[None]] = []
        self._in_hand: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if self._pushing.is_on:
            self._tasks = [
                asyncio.create_task(self._run(self._deciding.next, self._deciding.wait), name="decide pushes"),
                asyncio.create_task(self._run(self.send, self._pushing.wait), name="send pushes"),
            ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [*self._tasks, *self._in_hand]
        for task in tasks:
            task.cancel()
        # What was not answered is sent again after the next start, in the place of the first.
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._courier.close()

    async def send(self) -> bool:
        """Begin to send what is due; False when nothing was. While one push service is silent, others are not kept
        waiting."""
        due = await self._pushing.next()
        for each in due:
            task = asyncio.create_task(self._seen_to(each), name="send a push")
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)
        if len(self._in_hand) >= MOST_IN_HAND:
            await asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED)
        return bool(due)

    async def _seen_to(self, due: Due) -> None:
        try:
            await self._tried(due)
        except Exception as error:  # as in _run; it is given out again when its claim is over
            log.warning("push.trouble", error=str(error))
        # What was added meanwhile is due now.
        self._pushing.wake()

    async def _run(self, work: Callable[[], Awaitable[bool]], wait: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                if not await work():
                    await wait()
            except Exception as error:  # a full disk today must not end all notices for good
                log.warning("push.trouble", error=str(error))
                await asyncio.sleep(AFTER_TROUBLE_SECONDS)

    async def _tried(self, due: Due) -> None:
        try:
            letter = await self._pushing.letter(due)
        except Exception as error:  # one that cannot be written must not be looked at again and again
            await self._failed((due,), "", type(error).__name__)
            return
        if letter is not None:
            await self._deliver(letter, due)

    async def _deliver(self, letter: Letter, due: Due) -> None:
        host = urlsplit(letter.address).hostname or ""
        try:
            await self._courier.deliver(letter)
        except Answer as answer:
            if answer.status in GONE:
                log.info("push.gone", host=host)
                await self._pushing.gone(due)
            else:
                await self._failed(letter.covers, host, str(answer), answer.wait_ms)
        except Elsewhere:
            log.warning("push.refused", host=host)
            await self._pushing.gone(due)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # By its kind alone: in its words may be the address, which is a secret.
            await self._failed(letter.covers, host, type(error).__name__)
        else:
            await self._pushing.taken(letter)

    async def _failed(self, some: Sequence[Due], host: str, reason: str, wait_ms: int = 0) -> None:
        if await self._pushing.failed(some, wait_ms):
            log.error("push.given_up", host=host, error=reason)
        else:
            log.warning("push.failed", host=host, error=reason)
