"""Who may be meant by the beginning of a name, over REST: what a page asks while somebody types."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.bodies import reply
from chatapp.web.identity import actor


async def index(request: web.Request) -> web.Response:
    me, slug, wanted = actor(request), request.match_info["room"], query.text(request, "q")
    return reply({"candidates": await request.config_dict[CHAT].memberships.candidates(me, slug, wanted)})
