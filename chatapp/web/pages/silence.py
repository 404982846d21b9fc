"""Being told of nothing for a while, from now on."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.notifications import Silence
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.templating import see_other


class NewSilence(msgspec.Struct):
    length: Silence


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, NewSilence)
    await request.config_dict[CHAT].notifications.set_silence(me, form.data.length)
    return see_other("/settings/notifications")
