"""Every address of the application, read from its router: a new route cannot be forgotten by a test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aiohttp import web

from chatapp.web.origins import SAFE_METHODS

# What stands in the place of a part that varies; everything else is "general".
FILLED: Final = {"index": "1", "id": "1", "digest": "000000000000", "path": "js/app.js", "username": "grace"}


def routes(app: web.Application) -> Iterator[tuple[str, str]]:
    """Method and path of each route, variable parts filled in."""
    for route in app.router.routes():
        info = route.get_info()
        path = info.get("path") or info["formatter"]
        yield route.method, re.sub(r"\{(\w+)\}", lambda part: FILLED.get(part[1], "general"), path)


def unsafe_routes(app: web.Application) -> Iterator[tuple[str, str]]:
    """Those that change something."""
    return (found for found in routes(app) if found[0] not in SAFE_METHODS)


def safe_routes(app: web.Application) -> Iterator[str]:
    """The paths of those that only show something."""
    return (path for method, path in routes(app) if method == "GET")
