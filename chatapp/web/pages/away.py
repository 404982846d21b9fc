"""Away until further notice, with the reason, or back."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.profile_page import profile_page
from chatapp.web.session import flash
from chatapp.web.templating import see_other


class Away(msgspec.Struct):
    is_away: bool = False
    status: str = ""


async def update(request: web.Request) -> web.Response:
    me, presence = actor(request), request.config_dict[CHAT].presence
    form = await forms.read(request, Away)
    try:
        await (presence.set_away(me, form.data.status) if form.data.is_away else presence.set_back(me))
    except ChatError as error:
        return await profile_page(request, away_form=form.refused(error))
    await flash(request, _("Saved."))
    return see_other("/settings/profile#away")
