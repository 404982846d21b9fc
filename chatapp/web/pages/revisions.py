"""What a message said before it was edited."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.identity import actor
from chatapp.web.message_page import address, message_page


async def index(request: web.Request) -> web.Response:
    messages, me = request.config_dict[CHAT].messages, actor(request)
    found = await messages.revisions(me, *address(request))
    message = await messages.standing(me, *address(request))
    return await message_page(request, "messages/history.html", message, revisions=found)
