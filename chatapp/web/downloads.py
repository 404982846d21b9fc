"""Files on their way out: to keep, never to be run or drawn as a page, and asked for anew each time."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

from aiohttp import hdrs, web

from chatapp.core.files import UNKNOWN_TYPE

# Whatever it is, it is no page of ours: no script, no form, no origin.
SANDBOX: Final = "sandbox; default-src 'none'"
# A browser may keep it, and asks us each time whether it still may show it.
ASKED_AGAIN: Final = "private, no-cache"
PICTURE: Final = "image/webp"


def to_keep(path: Path, name: str) -> web.FileResponse:
    """The file as it was uploaded, under its name; of no type that a browser would open."""
    return _sent(path, UNKNOWN_TYPE, disposition(name))


def to_look_at(path: Path) -> web.FileResponse:
    """A copy that we have drawn ourselves."""
    return _sent(path, PICTURE, "inline")


def disposition(name: str) -> str:
    """Content-Disposition for that name (RFC 6266, RFC 8187)."""
    plain = "".join(each if each.isascii() and each.isprintable() and each not in '"\\%' else "_" for each in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _sent(path: Path, kind: str, how: str) -> web.FileResponse:
    headers = {
        hdrs.CONTENT_TYPE: kind,
        hdrs.CONTENT_DISPOSITION: how,
        hdrs.CACHE_CONTROL: ASKED_AGAIN,
        "Content-Security-Policy": SANDBOX,
    }
    return web.FileResponse(path, headers=headers)
