"""Pins over REST: a room's list of them, and one message's pin."""

from __future__ import annotations

from aiohttp import web

from chatapp.core.events import wire
from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.bodies import nothing, reply
from chatapp.web.identity import actor
from chatapp.web.shapes import history_out


async def index(request: web.Request) -> web.Response:
    return reply(history_out(request, await request.config_dict[CHAT].pins.all(actor(request), _room(request))))


async def update(request: web.Request) -> web.Response:
    pins = request.config_dict[CHAT].pins
    message = await pins.add(actor(request), _room(request), query.path_number(request, "index"))
    return reply(wire(message, _room(request), with_html=query.flag(request, "html")))


async def destroy(request: web.Request) -> web.Response:
    pins = request.config_dict[CHAT].pins
    await pins.remove(actor(request), _room(request), query.path_number(request, "index"))
    return nothing()


def _room(request: web.Request) -> str:
    return request.match_info["room"]
