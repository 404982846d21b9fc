"""The front door: back to the room somebody was in last."""

from __future__ import annotations

from aiohttp import web
from aiohttp_session import get_session

from chatapp.core.rooms import GENERAL
from chatapp.keys import CHAT
from chatapp.web.identity import actor
from chatapp.web.templating import see_other


async def index(request: web.Request) -> web.Response:
    me = actor(request)
    joined = {view.room.slug for view in await request.config_dict[CHAT].rooms.sidebar(me)}
    last = (await get_session(request)).get("room", "")
    slug = last if last in joined else GENERAL
    return see_other(f"/rooms/{slug}" if slug in joined else "/rooms")
