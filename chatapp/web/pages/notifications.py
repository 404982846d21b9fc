"""When and how somebody is told of messages: the page, and whether notifications say what messages say."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.notification_page import notification_page
from chatapp.web.session import flash
from chatapp.web.templating import see_other


class Words(msgspec.Struct):
    words: Literal["shown", "hidden"]


async def edit(request: web.Request) -> web.Response:
    return await notification_page(request)


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Words)
    await request.config_dict[CHAT].notifications.set_words(me, are_hidden=form.data.words == "hidden")
    await flash(request, _("Saved."))
    return see_other("/settings/notifications")
