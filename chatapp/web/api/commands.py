"""What a line of the message box may begin with, over REST: what a page asks while somebody types."""

from __future__ import annotations

from aiohttp import web

from chatapp.domain.commands import COMMANDS
from chatapp.web.bodies import reply
from chatapp.web.identity import actor
from chatapp.web.language import _


async def index(request: web.Request) -> web.Response:
    actor(request)
    all_ = COMMANDS.items()
    found = [{"name": name, "argument": _(each.argument), "help": _(each.help)} for name, each in all_]
    return reply({"commands": found})
