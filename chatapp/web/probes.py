"""What machines ask: is it alive, is it ready, may it be indexed, who hears of its holes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from chatapp.core.clock import system_clock
from chatapp.core.errors import NotFound
from chatapp.keys import CHAT, SETTINGS
from chatapp.web.proxies import PROXIES

ROBOTS: Final = "User-agent: *\nDisallow: /\n"
CONTACT_DAYS: Final = 90
# Whoever asks waits for no longer than a person would: a database that says nothing is given up after half a minute.
PATIENCE_SECONDS: Final = 3


async def healthz(_request: web.Request) -> web.Response:
    """The process answers; the database is not asked."""
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """503 while requests could not be served."""
    is_ready = False
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            is_ready = await request.config_dict[CHAT].is_ready()
    return web.Response(text="ready\n" if is_ready else "not ready\n", status=200 if is_ready else 503)


async def ping(_request: web.Request) -> web.Response:
    return web.Response(text="PONG!")


async def robots(_request: web.Request) -> web.Response:
    return web.Response(text=ROBOTS)


async def security(request: web.Request) -> web.Response:
    """RFC 9116; there is none while the operator names nobody."""
    contact = request.config_dict[SETTINGS].security_contact
    if not contact:
        raise NotFound
    # A copy found somewhere should not be believed for long.
    expires = datetime.fromtimestamp(system_clock() // 1000, UTC) + timedelta(days=CONTACT_DAYS)
    address = f"{request.config_dict[PROXIES].origin(request)}{request.path}"
    return web.Response(text=f"Contact: {contact}\nExpires: {expires:%Y-%m-%dT%H:%M:%SZ}\nCanonical: {address}\n")
