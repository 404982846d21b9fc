"""The emoji under a message: who gave which, and one's own by form, of which the chip is the button."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.message_page import address, back_to, message_page


class Reaction(msgspec.Struct):
    add: str = ""
    remove: str = ""


async def index(request: web.Request) -> web.Response:
    me, chat = actor(request), request.config_dict[CHAT]
    given = await chat.reactions.given(me, *address(request))
    message = await chat.messages.standing(me, *address(request))
    return await message_page(request, "reactions/index.html", message, given=given)


async def create(request: web.Request) -> web.Response:
    me, reactions = actor(request), request.config_dict[CHAT].reactions
    form = await forms.read(request, Reaction)
    turn = reactions.remove if form.data.remove else reactions.add
    message = await turn(me, *address(request), form.data.remove or form.data.add)
    return back_to(message, request.match_info["slug"])
