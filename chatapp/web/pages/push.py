"""Browsers that are told of messages while no page is open: trying this one, and taking one out."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor, current
from chatapp.web.language import _
from chatapp.web.session import flash
from chatapp.web.templating import see_other

PAGE = "/settings/notifications"


class Removed(msgspec.Struct):
    digest: str


async def create(request: web.Request) -> web.Response:
    """A test."""
    actor(request)
    await request.config_dict[CHAT].push.test(current(request))
    await flash(
        request,
        _("On its way. If nothing appears within a minute, turn notifications off here and on again."),
    )
    return see_other(PAGE)


async def destroy(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Removed)
    await request.config_dict[CHAT].push.remove(me, form.data.digest)
    return see_other(PAGE)
