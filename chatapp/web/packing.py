"""What answers are packed with: Brotli (RFC 7932) where it is installed and taken, else gzip, else nothing."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import re
from typing import Any, Final

from aiohttp import hdrs, web

# Where each takes twice as long from the next on, and gets no smaller to speak of.
BROTLI_PAGE: Final = 5
GZIP_PAGE: Final = 6
BROTLI_BEST: Final = 11

# An extra ("speed"): whoever lacks it sends more bytes, and nothing else changes.
_brotli: Final[Any] = importlib.import_module("brotli") if importlib.util.find_spec("brotli") else None
_refused: Final = re.compile(r"q=0(\.0*)?")


def coding(request: web.BaseRequest) -> str:
    """The best ``Content-Encoding`` the client takes (RFC 9110, 12.5.3): ``br``, ``gzip`` or nothing."""
    parts = [part.partition(";") for part in request.headers.get(hdrs.ACCEPT_ENCODING, "").lower().split(",")]
    taken = {name.strip() for name, _, weight in parts if not _refused.fullmatch(weight.strip())}
    if _brotli and "br" in taken:
        return "br"
    return "gzip" if "gzip" in taken else ""


def pack_page(body: bytes, name: str) -> bytes:
    """In about a millisecond, with one of the codings that :func:`coding` gives."""
    return _with_brotli(body, BROTLI_PAGE) if name == "br" else gzip.compress(body, GZIP_PAGE, mtime=0)


def pack_smallest(body: bytes) -> bytes:
    """With Brotli; up to half a second, in which other threads run. Only where :func:`coding` gave ``br``."""
    return _with_brotli(body, BROTLI_BEST)


def _with_brotli(body: bytes, quality: int) -> bytes:
    return bytes(_brotli.compress(body, quality=quality))
