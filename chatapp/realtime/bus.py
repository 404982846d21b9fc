"""Carries hints to the other processes: soon, mostly in order, and without a promise that any arrives."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import islice
from typing import Final

import msgspec
import structlog

from chatapp.realtime.hints import AnyHint, decode, encode

WAITING: Final = 10_000
AT_ONCE: Final = 500
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 2.0
GOODBYE_SECONDS: Final = 1.0
AWAY: Final = "Until it is back, other processes' news comes late, and each counts pace and sockets by itself."

log = structlog.get_logger()


class Gone(Exception):
    """The connection has ended."""


class Line(ABC):
    """One connection that hears everybody."""

    @abstractmethod
    async def send(self, hints: Sequence[bytes]) -> None:
        """Say them to all. Raises :class:`Gone`."""


class Bus(ABC):
    """``heard`` is called with each hint of another process; ``gap`` whenever some may have been missed."""

    def __init__(self) -> None:
        self.dropped = 0
        self.source = secrets.token_hex(8)
        self._waiting: deque[bytes] = deque()
        self._woken = asyncio.Event()
        self._heard: Callable[[AnyHint], None] = lambda _hint: None
        self._gap: Callable[[], None] = lambda: None
        self._is_away = False
        self._is_closing = False

    @property
    def is_away(self) -> bool:
        """Nobody is heard."""
        return self._is_away

    def publish(self, hint: AnyHint) -> None:
        """Never waits, never fails: what finds no place is dropped and counted."""
        if len(self._waiting) >= WAITING:
            self.dropped += 1
        else:
            self._waiting.append(encode(self.source, hint))
            self._woken.set()

    def mention(self, hint: AnyHint) -> None:
        """As :meth:`publish`, of what would be wrong if it came late: not while the connection is away."""
        if not self._is_away:
            self.publish(hint)

    @asynccontextmanager
    async def running(self, heard: Callable[[AnyHint], None], gap: Callable[[], None]) -> AsyncIterator[None]:
        """Connected, and connected again, until the block ends. What was published by then is sent if it can be."""
        self._heard, self._gap = heard, gap
        task = asyncio.create_task(self._run(), name="bus")
        try:
            yield
        finally:
            self._is_closing = True
            self._woken.set()
            await asyncio.wait([task], timeout=GOODBYE_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @abstractmethod
    def connected(self) -> AbstractAsyncContextManager[Line]:
        """A new connection, which calls :meth:`take` with what it hears and :meth:`ended` when it is over.
        Raises :class:`Gone`."""

    def take(self, data: bytes | str) -> None:
        """Pass on what was heard; never fails."""
        try:
            source, hint = decode(data)
            if source != self.source:
                self._heard(hint)
        except msgspec.MsgspecError as error:
            # From another version, as during an upgrade: what it means is in the database.
            log.warning("bus.unknown", error=str(error))
            self._gap()
        except Exception:
            log.exception("bus.failed")
            self._gap()

    def missed(self) -> None:
        """To be called once a connection hears, since it did not before."""
        self._gap()

    def ended(self) -> None:
        """To be called when a connection is found to be over while nothing is said."""
        self._woken.set()

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while self._waiting or not self._is_closing:
            try:
                async with self.connected() as line:
                    self._note_back()
                    pause = FIRST_PAUSE
                    await self._talk(line)
                    return
            except Gone as gone:
                self._note_away(gone)
            except Exception:
                log.exception("bus.failed")
                self._note_away(Gone("see above"))
            # At different moments in different processes.
            await asyncio.sleep(pause * (1 + secrets.randbelow(100) / 100) / 2)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _talk(self, line: Line) -> None:
        while True:
            self._woken.clear()
            part = list(islice(self._waiting, AT_ONCE))
            await line.send(part)
            # Only now: what a lost connection took with it is said again, which harms nobody.
            for _ in part:
                self._waiting.popleft()
            if self._is_closing and not self._waiting:
                return
            if not self._waiting:
                await self._woken.wait()

    def _note_away(self, gone: Gone) -> None:
        if not self._is_away:
            log.warning("bus.gone", error=str(gone), detail=AWAY)
        self._is_away = True

    def _note_back(self) -> None:
        if self._is_away:
            log.warning("bus.back")
        self._is_away = False
        self.missed()
