"""What is to count as unread again, said by form."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.identity import actor
from chatapp.web.message_page import address
from chatapp.web.templating import see_other


async def create(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].memberships.mark_unread(actor(request), *address(request))
    # Away from the room: to look at it is to read it.
    return see_other("/rooms")
