"""Deleting a message: asked once where no script can undo it."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.message_page import address, message_page
from chatapp.web.session import flash
from chatapp.web.templating import see_other


async def new(request: web.Request) -> web.Response:
    message = await request.config_dict[CHAT].messages.deletable(actor(request), *address(request))
    return await message_page(request, "messages/delete.html", message)


async def create(request: web.Request) -> web.Response:
    slug, index = address(request)
    await request.config_dict[CHAT].messages.delete(actor(request), slug, index)
    await flash(request, _("The message is deleted."))
    return see_other(f"/rooms/{slug}?after={max(0, index - 25)}#m{index}")
