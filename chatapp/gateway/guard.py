"""What aiohttp would let through: frames without a mask, and messages that never come to an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, cast

from chatapp.core.events import Close

MESSAGE_SECONDS: Final = 45.0
MASK_BYTES: Final = 4
LEAST_BYTES: Final = 2 + MASK_BYTES
LONGEST_HEAD: Final = 14

Refuse = Callable[[int, str], None]


class Guard(asyncio.Protocol):
    """Stands between a connection and aiohttp, and looks at the head of each frame (RFC 6455 section 5.2).

    Installed right before the upgrade is answered, until when a client has to wait with its first frame; what came
    with the upgrade has gone past here, and :meth:`missed_something` is told.
    """

    __slots__ = (
        *("transport", "heard_at", "_inner", "_refuse", "_fault"),
        *("_head", "_left", "_is_last", "_is_data", "_is_in_message", "_began"),
    )

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        # By ``time.monotonic``, for the heartbeat.
        self.heard_at = time.monotonic()
        self._inner = cast("asyncio.Protocol", transport.get_protocol())
        self._refuse: Refuse | None = None
        self._fault: tuple[int, str] | None = None
        self._head = b""
        self._left = 0
        self._is_last = self._is_data = self._is_in_message = False
        self._began: float | None = None
        transport.set_protocol(self)

    def reports_to(self, refuse: Refuse) -> None:
        """Call it once, with a close code and a reason, when the client breaks a rule; at once when it has already."""
        self._refuse = refuse
        if self._fault is not None:
            refuse(*self._fault)

    def reports_to_nobody(self) -> None:
        """Whoever was told is over, and held by nothing here: a circle would wait for the collector."""
        self._refuse = None

    def missed_something(self) -> None:
        self._fault = Close.PROTOCOL, "frame before the answer"

    def grants_more_time(self) -> None:
        """The rest of a message could not be heard while the one before it was at work."""
        if self._began is not None:
            self._began = asyncio.get_running_loop().time()

    # What the transport calls.

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        if self._fault is not None:
            return
        if self._began is None and _is_whole(data):
            self._inner.data_received(data)
            return
        now = asyncio.get_running_loop().time()
        self._scan(data, now)
        if self._began is not None and now - self._began > MESSAGE_SECONDS:
            self._fault = Close.STALLED, "message not finished"
        if self._fault is None:
            self._inner.data_received(data)
        elif self._refuse is not None:
            self._refuse(*self._fault)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self._inner.connection_lost(error)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    # Frames.

    def _scan(self, data: bytes, now: float) -> None:
        at = 0
        while at < len(data) and self._fault is None:
            if self._began is None:
                self._began = now
            if self._left:
                taken = min(self._left, len(data) - at)
                self._left -= taken
                at += taken
            else:
                at += self._take_head(data[at : at + LONGEST_HEAD])
            if not self._left and not self._head:
                self._end_frame()

    def _take_head(self, data: bytes) -> int:
        """How many of these bytes belong to the frame's head."""
        known = len(self._head)
        head = self._head = self._head + data
        if len(head) < 2:
            return len(data)
        if not head[1] & 0x80:
            self._fault = Close.PROTOCOL, "not masked"
            return len(data)
        short = head[1] & 0x7F
        size = 2 + MASK_BYTES + {126: 2, 127: 8}.get(short, 0)
        if len(head) < size:
            return len(data)
        self._left = short if short < 126 else int.from_bytes(head[2 : size - MASK_BYTES], "big")
        self._is_last, self._is_data = bool(head[0] & 0x80), head[0] & 0x0F < 8
        self._head = b""
        return size - known

    def _end_frame(self) -> None:
        if self._is_data:
            self._is_in_message = not self._is_last
        if not self._is_in_message:
            self._began = None


def _is_whole(data: bytes) -> bool:
    """Whether it is one masked frame that is a message of its own, as nearly everything is that comes at once."""
    if len(data) < LEAST_BYTES or not (data[0] & data[1] & 0x80):
        return False
    short = data[1] & 0x7F
    if short < 126:
        return len(data) == LEAST_BYTES + short
    return short == 126 and len(data) == LEAST_BYTES + 2 + int.from_bytes(data[2:4], "big")
