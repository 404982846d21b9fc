"""A WebSocket as a client writes and reads it (RFC 6455): bytes only, no connection."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

TEXT: Final = 0x1
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
SMALL: Final = 126
# A key of zeros leaves the payload as it is. RFC 6455 wants keys of chance because of proxies that could be fooled;
# there is none on a loopback, and the server unmasks all the same.
_KEY: Final = bytes(4)


class Frame(NamedTuple):
    """Where a frame lies in a buffer: its payload from ``start`` to ``stop``, the next frame from there on."""

    opcode: int
    start: int
    stop: int


def upgrade(path: str, address: str) -> bytes:
    """The request that opens a socket; ``address`` is host and port."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Y2hhdGFwcCBtZWFzdXJlcw==\r\n\r\n"
    ).encode()


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A whole frame of a client."""
    size = len(payload)
    if size < SMALL:
        return bytes((0x80 | opcode, 0x80 | size)) + _KEY + payload
    return struct.pack("!BBH", 0x80 | opcode, 0x80 | SMALL, size) + _KEY + payload


def whole(data: bytes | bytearray, at: int = 0) -> Iterator[Frame]:
    """The complete frames from ``at`` on."""
    end = len(data)
    while at + 2 <= end:
        size, start = data[at + 1] & 0x7F, at + 2
        if size >= SMALL:
            width = 2 if size == SMALL else 8
            start += width
            size = int.from_bytes(data[start - width : start], "big")
        if start > end or start + size > end:
            return
        yield Frame(data[at] & 0x0F, start, start + size)
        at = start + size
