"""Whether others see when one is here."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.session import flash
from chatapp.web.templating import see_other


class Presence(msgspec.Struct):
    presence: Literal["shown", "hidden"]


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Presence)
    await request.config_dict[CHAT].presence.set_hidden(me, form.data.presence == "hidden")
    await flash(request, _("Saved."))
    return see_other("/settings/profile")
