"""One's own emoji under a message, by form: its chip is a button that gives it or takes it back."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.message_page import address, back_to


class Reaction(msgspec.Struct):
    add: str = ""
    remove: str = ""


async def create(request: web.Request) -> web.Response:
    me, reactions = actor(request), request.config_dict[CHAT].reactions
    form = await forms.read(request, Reaction)
    turn = reactions.remove if form.data.remove else reactions.add
    message = await turn(me, *address(request), form.data.remove or form.data.add)
    return back_to(message, request.match_info["slug"])
