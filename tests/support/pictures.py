"""Pictures for tests, made on the spot."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(width: int = 640, height: int = 480, kind: str = "PNG", colour: str = "steelblue", **more: Any) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(drawn, kind, **more)
    return drawn.getvalue()


def patterned(side: int = 2048) -> bytes:
    """A PNG of one small pattern over and over: its copies, which cannot say so, take many times as much."""
    drawn, tile = Image.new("L", (side, side)), Image.effect_noise((64, 64), 100)
    for at in range(0, side * side, 64 * side):
        for left in range(0, side, 64):
            drawn.paste(tile, (left, at // side))
    written = io.BytesIO()
    drawn.save(written, "PNG")
    return written.getvalue()


def photograph(orientation: int = 6) -> bytes:
    """A JPEG, 40 by 20, that says where it was taken, and that it lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "Taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    return picture(40, 20, "JPEG", exif=exif.tobytes())


def bomb(side: int = 30_000) -> bytes:
    """A PNG of so many pixels each way, in a few kilobytes: all of it is one byte said over and over."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packed = zlib.compressobj(9)
    rows = b"".join(packed.compress(b"\0" * (side // 8 + 1)) for _ in range(side)) + packed.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
