"""What answers are packed with: Brotli (RFC 7932) where it is installed and taken, else gzip, else nothing."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import re
from typing import Any, Final

from aiohttp import hdrs, web

from chatapp.web.origins import may_be_measured

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


def pack(request: web.Request, response: web.Response) -> None:
    """Compresses a page, or what its scripts ask for, in about a millisecond.

    Not where the length could tell a foreign page what stands in it (BREACH).
    """
    response.headers.add(hdrs.VARY, f"{hdrs.ACCEPT_ENCODING}, Sec-Fetch-Site")
    name = coding(request)
    if name and not may_be_measured(request) and isinstance(response.body, bytes):
        response.body = _with_brotli(response.body, BROTLI_PAGE) if name == "br" else _with_gzip(response.body)
        response.headers[hdrs.CONTENT_ENCODING] = name


def pack_smallest(body: bytes) -> bytes:
    """With Brotli; up to half a second, in which other threads run. Only where :func:`coding` gave ``br``."""
    return _with_brotli(body, BROTLI_BEST)


def _with_gzip(body: bytes) -> bytes:
    return gzip.compress(body, GZIP_PAGE, mtime=0)


def _with_brotli(body: bytes, quality: int) -> bytes:
    return bytes(_brotli.compress(body, quality=quality))
