"""Bytes of a WebSocket frame from server to client (RFC 6455 section 5.2): whole, unmasked."""

from __future__ import annotations

import struct
from typing import Final

TEXT: Final = 0x81
CLOSE: Final = 0x88
PONG: Final = 0x8A
PING: Final = b"\x89\x00"
SMALL: Final = 126


def text_frame(payload: bytes) -> bytes:
    """One frame around ``payload``, which must be UTF-8."""
    size = len(payload)
    if size < SMALL:
        return bytes((TEXT, size)) + payload
    if size <= 0xFFFF:
        return struct.pack("!BBH", TEXT, SMALL, size) + payload
    return struct.pack("!BBQ", TEXT, SMALL + 1, size) + payload


def close_frame(code: int, reason: str) -> bytes:
    """Goodbye; ``reason`` has at most 123 bytes."""
    words = reason.encode()
    return struct.pack("!BBH", CLOSE, 2 + len(words), code) + words


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping, whose payload of at most 125 bytes it repeats."""
    return bytes((PONG, len(payload))) + payload
