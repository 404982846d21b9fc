"""What machines ask: is it alive, is it ready, may it be indexed."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT

ROBOTS = "User-agent: *\nDisallow: /\n"


async def healthz(_request: web.Request) -> web.Response:
    """The process answers; the database is not asked."""
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """503 while requests could not be served."""
    is_ready = await request.config_dict[CHAT].is_ready()
    return web.Response(text="ready\n" if is_ready else "not ready\n", status=200 if is_ready else 503)


async def ping(_request: web.Request) -> web.Response:
    return web.Response(text="PONG!")


async def robots(_request: web.Request) -> web.Response:
    return web.Response(text=ROBOTS)
