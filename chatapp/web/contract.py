"""The wire contract as this version keeps it, for whoever writes a client."""

from __future__ import annotations

from functools import cache

from aiohttp import web

from chatapp.places import folder


async def show(_request: web.Request) -> web.Response:
    """As text: browsers keep what is called Markdown instead of showing it."""
    return web.Response(text=_text())


@cache
def _text() -> str:
    return (folder("docs") / "protocol.md").read_text()
