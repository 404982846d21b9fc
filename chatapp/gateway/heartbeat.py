"""Whether a client is still there: who is silent for a heartbeat is pinged, and given up when nothing comes back."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

from chatapp.gateway.guard import Guard
from chatapp.realtime.frames import PING

# What came while this process stood still waits to be read, and would be taken for silence.
GRACE_SECONDS: Final = 0.1


class Client(Protocol):
    """A socket as its heartbeat sees it."""

    guard: Guard

    def send(self, frame: bytes) -> None: ...

    def abort(self, reason: str) -> None: ...


class Heartbeat:
    """Pings after ``seconds`` of silence and aborts after 1.5 times as many.

    It looks at when something was last heard. aiohttp's own sets its clock anew with everything that comes, which is
    one twentieth of what a message costs.
    """

    __slots__ = ("_asked", "_beat", "_client", "_heard_at", "_timer")

    def __init__(self, client: Client, seconds: float) -> None:
        self._client = client
        self._beat = seconds
        self._asked = 0
        self._heard_at = client.guard.heard_at
        self._timer = self._in(seconds)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        heard_at = self._client.guard.heard_at
        silent = time.monotonic() - heard_at
        if heard_at != self._heard_at:
            # It has answered, also where that was long ago since this process stood still.
            self._heard_at, self._asked = heard_at, 0
        if silent < self._beat:
            self._timer = self._in(self._beat - silent)
            return
        self._asked += 1
        if self._asked == 1:
            self._client.send(PING)
            self._timer = self._in(self._beat / 2)
        elif self._asked == 2:
            self._timer = self._in(GRACE_SECONDS)
        else:
            self._client.abort("silent")

    def _in(self, seconds: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self._look)
