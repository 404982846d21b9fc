"""The messages that a room keeps at hand; a message is pinned and unpinned by form."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.identity import actor
from chatapp.web.message_page import address, back_to
from chatapp.web.templating import render_shell, see_other
from chatapp.web.timeline import lone


async def index(request: web.Request) -> web.Response:
    chat, me, slug = request.config_dict[CHAT], actor(request), request.match_info["slug"]
    pinned = await chat.pins.all(me, slug)
    view = await chat.rooms.show(me, slug)
    rows = [lone(message, me) for message in pinned.messages]
    return await render_shell(request, "pins/index.html", slug=slug, view=view, rows=rows)


async def create(request: web.Request) -> web.Response:
    message = await request.config_dict[CHAT].pins.add(actor(request), *address(request))
    return back_to(message, request.match_info["slug"])


async def destroy(request: web.Request) -> web.Response:
    slug, index = address(request)
    await request.config_dict[CHAT].pins.remove(actor(request), slug, index)
    return see_other(f"/rooms/{slug}/pins")
