"""Oneself."""

from __future__ import annotations

from aiohttp import web

from chatapp.web.bodies import reply
from chatapp.web.identity import actor
from chatapp.web.shapes import me_out


async def show(request: web.Request) -> web.Response:
    return reply(me_out(actor(request)))
