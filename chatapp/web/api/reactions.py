"""Reactions over REST: one's own emoji under a message."""

from __future__ import annotations

from aiohttp import web

from chatapp.core.events import wire
from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.bodies import nothing, reply
from chatapp.web.identity import actor


async def update(request: web.Request) -> web.Response:
    message = await request.config_dict[CHAT].reactions.add(actor(request), *_address(request))
    return reply(wire(message, request.match_info["room"], with_html=query.flag(request, "html")))


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].reactions.remove(actor(request), *_address(request))
    return nothing()


def _address(request: web.Request) -> tuple[str, int, str]:
    return request.match_info["room"], query.path_number(request, "index"), request.match_info["emoji"]
