"""How far somebody has read, over REST: on, and back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.bodies import decode, reply
from chatapp.web.identity import actor
from chatapp.web.shapes import read_mark_out

Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class ReadTo(msgspec.Struct):
    index: Number
    turn: Number | None = None


async def update(request: web.Request) -> web.Response:
    me, slug = actor(request), request.match_info["room"]
    body = await decode(request, ReadTo)
    unread = await request.config_dict[CHAT].memberships.mark_read(me, slug, body.index, turn=body.turn)
    return reply({"unread": unread})


async def destroy(request: web.Request) -> web.Response:
    me, slug = actor(request), request.match_info["room"]
    return reply(read_mark_out(*await request.config_dict[CHAT].memberships.undo_read(me, slug)))
