"""Who is in a room, over REST. Putting oneself in is joining, taking oneself out is leaving."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.bodies import nothing, reply
from chatapp.web.identity import actor
from chatapp.web.shapes import member_out


async def index(request: web.Request) -> web.Response:
    me, chat = actor(request), request.config_dict[CHAT]
    members = await chat.memberships.members(me, request.match_info["room"])
    seen = chat.presence.seen_from(await chat.rooms.sidebar(me))
    return reply({"members": [member_out(member, seen(member.username)) for member in members]})


async def update(request: web.Request) -> web.Response:
    me, slug, username = actor(request), request.match_info["room"], request.match_info["username"]
    memberships = request.config_dict[CHAT].memberships
    if username.lower() == me.username:
        await memberships.join(me, slug)
    else:
        await memberships.add(me, slug, username)
    return nothing()


async def destroy(request: web.Request) -> web.Response:
    me, slug, username = actor(request), request.match_info["room"], request.match_info["username"]
    await request.config_dict[CHAT].memberships.remove(me, slug, username)
    return nothing()
