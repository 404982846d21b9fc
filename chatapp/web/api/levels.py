"""How much of a room somebody wants to hear of, over REST."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.models import Level
from chatapp.keys import CHAT
from chatapp.web.bodies import decode, nothing
from chatapp.web.identity import actor


class NewLevel(msgspec.Struct):
    level: Level


async def update(request: web.Request) -> web.Response:
    me, slug = actor(request), request.match_info["room"]
    body = await decode(request, NewLevel)
    await request.config_dict[CHAT].memberships.set_level(me, slug, body.level)
    return nothing()
