"""One's own name and time zone."""

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


class Profile(msgspec.Struct):
    display_name: str
    time_zone: str = ""


async def index(request: web.Request) -> web.Response:
    actor(request)
    return see_other("/settings/profile")


async def edit(request: web.Request) -> web.Response:
    return await profile_page(request)


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Profile)
    try:
        await request.config_dict[CHAT].accounts.update_profile(me, **msgspec.structs.asdict(form.data))
    except ChatError as error:
        return await profile_page(request, form=form.refused(error))
    await flash(request, _("Saved."))
    return see_other("/settings/profile")
