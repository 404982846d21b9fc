"""Every browser but this one."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.identity import current
from chatapp.web.language import _
from chatapp.web.session import flash
from chatapp.web.templating import see_other


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].sign_in.end_other_sessions(current(request))
    await flash(request, _("Every other browser is logged out."))
    return see_other("/settings/sessions")
