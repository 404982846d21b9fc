"""How far somebody has read, over REST."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.bodies import decode, reply
from chatapp.web.identity import actor


class ReadTo(msgspec.Struct):
    index: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


async def update(request: web.Request) -> web.Response:
    me, slug = actor(request), request.match_info["room"]
    body = await decode(request, ReadTo)
    unread = await request.config_dict[CHAT].memberships.mark_read(me, slug, body.index)
    return reply({"unread": unread})
