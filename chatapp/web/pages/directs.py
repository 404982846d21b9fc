"""A conversation of two, opened by name."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.templating import see_other


class Direct(msgspec.Struct):
    username: str


async def create(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Direct)
    room = await request.config_dict[CHAT].rooms.open_direct(me, form.data.username)
    return see_other(f"/rooms/{room.slug}")
