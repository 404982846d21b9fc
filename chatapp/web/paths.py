"""What kind of address a request is for, and which addresses may be gone to after signing in."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

from aiohttp import hdrs, web

OPEN_PATHS: Final = frozenset(
    {
        *("/ping", "/healthz", "/readyz", "/robots.txt", "/.well-known/security.txt", "/api/docs"),
        *("/service-worker.js", "/manifest.webmanifest"),
    }
)
# Leads on whoever asks, also a script that does not say what it takes.
FRONT_DOOR: Final = "/"
SOCKETS: Final = frozenset({"/ws", "/rooms/{room}/ws"})
TAKE_FILES: Final = frozenset({"/rooms/{slug}/messages"})
SECRET_PREFIXES: Final = ("/verify/", "/reset/", "/join/")
MOST_NEXT_CHARACTERS: Final = 2000
MOST_LOGGED_CHARACTERS: Final = 1000

_broken_escape: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_own_path: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def is_api(request: web.BaseRequest) -> bool:
    return request.path.startswith("/api/")


def is_socket(request: web.Request) -> bool:
    resource = request.match_info.route.resource
    return resource is not None and resource.canonical in SOCKETS


def takes_files(request: web.Request) -> bool:
    """Whether the form sent there may hold files, which are taken as they come."""
    resource = request.match_info.route.resource
    return resource is not None and resource.canonical in TAKE_FILES


def is_open(request: web.BaseRequest) -> bool:
    """Answered the same to everybody, and without asking the database."""
    return request.path in OPEN_PATHS or request.path.startswith(("/static/", "/words/"))


def wants_page(request: web.Request) -> bool:
    """A browser asking for a page; a script that does not say what it takes gets JSON."""
    is_page = not (is_api(request) or is_socket(request) or is_open(request))
    return is_page and "text/html" in request.headers.get(hdrs.ACCEPT, "")


def is_readable(raw_path: str) -> bool:
    """Whether the escapes of a path are whole and spell UTF-8 without NUL."""
    path = raw_path.partition("?")[0]
    if _broken_escape.search(path):
        return False
    try:
        return "\x00" not in unquote_to_bytes(path).decode()
    except UnicodeError:
        # Raw bytes arrive as surrogates, which cannot even be encoded.
        return False


def carries_secret(path: str) -> bool:
    """Whether whoever learns the address can act on it; that of the first account has its code in the query."""
    return path.startswith(SECRET_PREFIXES) or path == "/setup"


def for_log(path: str) -> str:
    """The path without the secrets that links in mails carry, and no longer than a line should be."""
    for prefix in SECRET_PREFIXES:
        if path.startswith(prefix):
            return prefix + "…"
    return path if len(path) <= MOST_LOGGED_CHARACTERS else f"{path[:MOST_LOGGED_CHARACTERS]}…"


def own_path(target: str) -> str:
    """``target`` when it is a path on this server, else ``/``: where somebody may be sent after signing in."""
    if len(target) > MOST_NEXT_CHARACTERS:
        return "/"
    decoded = target
    # A proxy or a browser may decode once more than we do.
    while (further := unquote(decoded)) != decoded:
        decoded = further
    path = decoded.partition("?")[0].partition("#")[0]
    is_own = all(_own_path.fullmatch(each) for each in (target, decoded)) and "//" not in path
    has_dots = any(part in {".", ".."} for part in path.split("/"))
    is_way_in = path.startswith(("/login", "/logout", "/setup"))
    return target if is_own and not has_dots and not is_way_in else "/"
