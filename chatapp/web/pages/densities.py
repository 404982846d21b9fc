"""How close together messages and rooms stand on the pages."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.models import Density
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.session import flash
from chatapp.web.templating import see_other


class Spacing(msgspec.Struct):
    density: Density


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Spacing)
    await request.config_dict[CHAT].accounts.set_density(me, form.data.density)
    await flash(request, _("Saved."))
    return see_other("/settings/appearance")
