"""Entering and leaving a room oneself."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.identity import actor
from chatapp.web.templating import see_other


async def create(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    await request.config_dict[CHAT].memberships.join(actor(request), slug)
    return see_other(f"/rooms/{slug}")


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].memberships.leave(actor(request), request.match_info["slug"])
    return see_other("/rooms")
