"""What this server is; nobody needs to say who they are to ask."""

from __future__ import annotations

from aiohttp import web

from chatapp import __version__
from chatapp.core.events import PROTOCOL, Limits
from chatapp.keys import SETTINGS
from chatapp.web.bodies import reply


async def show(request: web.Request) -> web.Response:
    settings = request.config_dict[SETTINGS]
    limits = Limits(content=settings.max_content, frame=settings.max_frame)
    return reply({"name": settings.name, "version": __version__, "protocol": PROTOCOL, "limits": limits})
