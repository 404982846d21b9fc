"""Light, dark, or as the system has it."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.models import Theme
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.session import flash
from chatapp.web.templating import render_shell, see_other


class Appearance(msgspec.Struct):
    theme: Theme


async def edit(request: web.Request) -> web.Response:
    actor(request)
    return await render_shell(request, "settings/appearance.html")


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Appearance)
    await request.config_dict[CHAT].accounts.set_theme(me, form.data.theme)
    await flash(request, _("Saved."))
    return see_other("/settings/appearance")
