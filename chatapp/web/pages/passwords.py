"""A new password for somebody who knows the old one."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor, current
from chatapp.web.language import _
from chatapp.web.profile_page import profile_page
from chatapp.web.session import flash
from chatapp.web.templating import see_other


class NewPassword(msgspec.Struct):
    current: str
    new: str


async def update(request: web.Request) -> web.Response:
    me, keep = actor(request), current(request)
    form = await forms.read(request, NewPassword)
    try:
        await request.config_dict[CHAT].accounts.change_password(me, **msgspec.structs.asdict(form.data), keep=keep)
    except ChatError as error:
        return await profile_page(request, password_form=form.refused(error))
    await flash(request, _("Your password is changed. Every other browser is logged out."))
    return see_other("/settings/profile")
