"""Links that let people in, for administrators; a link is shown once."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.identity import actor
from chatapp.web.proxies import PROXIES
from chatapp.web.session import keep_once, take_once
from chatapp.web.templating import render_shell, see_other


async def index(request: web.Request) -> web.Response:
    invites = await request.config_dict[CHAT].invites.all(actor(request))
    made = query.number(request, "made")
    secret = await take_once(request, f"invite {made}")
    link = f"{request.config_dict[PROXIES].origin(request)}/join/{secret}" if secret else ""
    return await render_shell(request, "settings/invites.html", invites=invites, made=made, link=link)


async def create(request: web.Request) -> web.Response:
    invite, secret = await request.config_dict[CHAT].invites.create(actor(request))
    await keep_once(request, f"invite {invite.id}", secret)
    return see_other(f"/settings/invites?made={invite.id}")


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].invites.revoke(actor(request), query.path_number(request, "id"))
    return see_other("/settings/invites")
