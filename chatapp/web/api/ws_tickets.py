"""A ticket that opens one socket: for clients that cannot set headers and should not put a token into a URL."""

from __future__ import annotations

from aiohttp import hdrs, web

from chatapp.domain.tickets import SECONDS
from chatapp.keys import CHAT
from chatapp.web.bodies import reply
from chatapp.web.identity import actor, current


async def create(request: web.Request) -> web.Response:
    actor(request)
    origin = request.headers.get(hdrs.ORIGIN, "")
    ticket = await request.config_dict[CHAT].tickets.create(current(request), origin)
    return reply({"ticket": ticket, "expires_in": SECONDS})
