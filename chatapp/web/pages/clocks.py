"""How the times of day are written: with 12 hours, with 24, or as is usual where the browser is at home."""

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


class Clock(msgspec.Struct):
    hour_cycle: Literal["", "h12", "h23"]


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Clock)
    await request.config_dict[CHAT].accounts.set_hour_cycle(me, form.data.hour_cycle)
    await flash(request, _("Saved."))
    return see_other("/settings/appearance")
