"""The list of what a line may begin with."""

from __future__ import annotations

from aiohttp import web

from chatapp.domain.commands import COMMANDS
from chatapp.web.identity import actor
from chatapp.web.templating import render_shell


async def index(request: web.Request) -> web.Response:
    actor(request)
    return await render_shell(request, "messages/commands.html", commands=COMMANDS)
