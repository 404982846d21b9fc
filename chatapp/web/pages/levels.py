"""How much of a room somebody wants to hear of, said by form."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.models import Level
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.session import flash
from chatapp.web.templating import see_other


class NewLevel(msgspec.Struct):
    level: Level


async def update(request: web.Request) -> web.Response:
    me, slug = actor(request), request.match_info["slug"]
    await request.config_dict[CHAT].access.room_for(me, slug)
    form = await forms.read(request, NewLevel)
    await request.config_dict[CHAT].memberships.set_level(me, slug, form.data.level)
    await flash(request, _("Saved."))
    return see_other(f"/rooms/{slug}/settings")
