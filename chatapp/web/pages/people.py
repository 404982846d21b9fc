"""Everybody here, to write to."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.identity import actor
from chatapp.web.templating import render_shell


async def index(request: web.Request) -> web.Response:
    people = await request.config_dict[CHAT].accounts.people(actor(request))
    return await render_shell(request, "people/index.html", people=people)
