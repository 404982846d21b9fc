"""The browsers one is signed in with."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor, current
from chatapp.web.templating import render_shell, see_other


class Ended(msgspec.Struct):
    digest: str


async def index(request: web.Request) -> web.Response:
    sessions = await request.config_dict[CHAT].sign_in.sessions(actor(request))
    digest = current(request).session_digest
    return await render_shell(request, "settings/sessions.html", sessions=sessions, current_digest=digest)


async def destroy(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, Ended)
    await request.config_dict[CHAT].sign_in.end_session(me, form.data.digest)
    return see_other("/settings/sessions")
