"""So many requests a minute, and no more: whoever reads everything over and over is slowed down like who writes."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from chatapp.keys import ADDRESS, CHAT, IDENTITY
from chatapp.web.paths import is_open, is_socket


@web.middleware
async def pace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts what asks the database; sockets have a limit of their own. Raises ``RateLimited``."""
    if not (is_open(request) or is_socket(request)):
        found = request[IDENTITY]
        request.config_dict[CHAT].limits.ask(found.person.id if found else None, request[ADDRESS])
    return await handler(request)
