"""Rows 60 to 70 at both sockets: what breaks RFC 6455 closes with the right code, and harms nobody else."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import pytest

from tests.bad_inputs.frames import DOORS
from tests.bad_inputs.scene import Scene
from tests.bad_inputs.test_frames import opened
from tests.support.wire import BINARY, CLOSE, PING, PONG, TEXT, frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST: Final = 65_536
PING_FRAME: Final = b'{"action":"ping"}'


class Bytes(NamedTuple):
    """What is sent, and the code with which the server closes; None where it hangs up without one."""

    row: str
    words: str
    sent: Callable[[], bytes]
    closes: Sequence[int | None]


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


def claimed(size: int) -> bytes:
    return b"\x81\xff" + struct.pack("!Q", size) + b"mask"


TABLE: Final = [
    Bytes("60", "a binary frame", lambda: frame(BINARY, PING_FRAME), [1003]),
    Bytes("60", "an empty binary frame", lambda: frame(BINARY, b""), [1003]),
    Bytes("61", "64 KiB and one", lambda: frame(TEXT, b"x" * (MOST + 1)), [1009]),
    Bytes("61", "a claim of 2**40", lambda: claimed(2**40), [1009]),
    Bytes("61", "a claim of 2**63 - 1", lambda: claimed(2**63 - 1), [1002, 1009]),
    Bytes("61", "a claim of 2**64 - 1", lambda: claimed(2**64 - 1), [1002, 1009]),
    Bytes(
        "61",
        "two halves of 40 kB",
        lambda: frame(TEXT, b"x" * 40_000, is_final=False) + frame(0, b"x" * 40_000),
        [1009],
    ),
    Bytes("65", "no UTF-8", lambda: frame(TEXT, b"\xff\xfe"), [1007]),
    Bytes("65", "an overlong slash", lambda: frame(TEXT, b'{"x":"\xc0\xaf"}'), [1007]),
    Bytes("65", "a raw surrogate", lambda: frame(TEXT, b'{"x":"\xed\xa0\x80"}'), [1007]),
    Bytes("65", "half a letter", lambda: frame(TEXT, b'{"x":"\xf0\x9f'), [1007]),
    Bytes("65", "no UTF-8 in pieces", lambda: frame(TEXT, b"\xf0", is_final=False) + frame(0, b"\x9f"), [1007]),
    Bytes("65", "no UTF-8 in a reason", lambda: closing(1000, b"\xff"), [1007]),
    Bytes("66", "RSV1", lambda: frame(TEXT, PING_FRAME, reserved=0b100), [1002]),
    Bytes("66", "RSV2", lambda: frame(TEXT, PING_FRAME, reserved=0b010), [1002]),
    Bytes("66", "RSV3", lambda: frame(TEXT, PING_FRAME, reserved=0b001), [1002]),
    *[Bytes("66", f"opcode {code}", lambda code=code: frame(code, b""), [1002]) for code in (3, 4, 5, 6, 7, 11, 15)],  # type: ignore[misc]
    Bytes("66", "a ping in pieces", lambda: frame(PING, b"", is_final=False), [1002]),
    Bytes("66", "a pong in pieces", lambda: frame(PONG, b"", is_final=False), [1002]),
    Bytes("66", "a goodbye in pieces", lambda: frame(CLOSE, b"", is_final=False), [1002]),
    Bytes("66", "a ping of 126 bytes", lambda: frame(PING, b"x" * 126), [1002]),
    Bytes("66", "a continuation of nothing", lambda: frame(0, PING_FRAME), [1002]),
    Bytes("66", "a text inside a text", lambda: frame(TEXT, b"{", is_final=False) + frame(TEXT, b"}"), [1002]),
    *[
        Bytes("67-68", f"close code {code}", lambda code=code: closing(code), [1002])  # type: ignore[misc]
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    ],
    Bytes("67", "a goodbye of one byte", lambda: frame(CLOSE, b"\x03"), [1002]),
    Bytes("70", "10 MB in 10 kB of deflate", lambda: frame(TEXT, bomb(), reserved=0b100), [1002]),
    Bytes("66", "HTTP once more", lambda: b"GET /ws HTTP/1.1\r\n\r\n", [1002]),
    Bytes("64", "a frame without a mask", lambda: frame(TEXT, PING_FRAME, is_masked=False), [1002]),
    Bytes("64", "a ping without a mask", lambda: frame(PING, b"", is_masked=False), [1002]),
]


def bomb() -> bytes:
    return zlib.compress(b"\0" * 10_000_000, 9)[2:]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.row} {row.words}") for row in TABLE])
async def test_broken_bytes_close_with_the_right_code(
    scene: Scene, row: Bytes, door: str, caplog: pytest.LogCaptureFixture
) -> None:
    with scene.nothing_happens(caplog):
        raw = await opened(scene, door)
        raw.writer.write(row.sent())
        assert await raw.close_code() in row.closes
    await scene.nobody_heard()
    raw.hangs_up()
