"""A page about one message, and the way back to its place in the room."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from chatapp.core.models import Message
from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.identity import actor
from chatapp.web.templating import render_shell, see_other
from chatapp.web.timeline import lone


def address(request: web.Request) -> tuple[str, int]:
    """The room's slug and the message's index."""
    return request.match_info["slug"], query.path_number(request, "index")


async def message_page(request: web.Request, template: str, message: Message, **context: Any) -> web.Response:
    """``template``, which draws the message as a ``row``."""
    me, (slug, _) = actor(request), address(request)
    view = await request.config_dict[CHAT].rooms.show(me, slug)
    return await render_shell(request, template, slug=slug, view=view, row=lone(message, me), **context)


def back_to(message: Message, slug: str) -> web.Response:
    return see_other(f"/rooms/{slug}/{message.index}#m{message.index}")
