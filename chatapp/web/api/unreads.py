"""What is to count as unread again, over REST."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.bodies import decode, reply
from chatapp.web.identity import actor
from chatapp.web.shapes import read_mark_out


class UnreadFrom(msgspec.Struct):
    index: Annotated[int, msgspec.Meta(ge=1, le=2**53)]


async def update(request: web.Request) -> web.Response:
    me, slug = actor(request), request.match_info["room"]
    body = await decode(request, UnreadFrom)
    return reply(read_mark_out(*await request.config_dict[CHAT].memberships.mark_unread(me, slug, body.index)))
