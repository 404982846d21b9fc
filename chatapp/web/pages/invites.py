"""Links that let people in, for administrators; a link is shown once."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.identity import actor
from chatapp.web.proxies import PROXIES
from chatapp.web.templating import render_shell, see_other


async def index(request: web.Request) -> web.Response:
    return await _page(request)


async def create(request: web.Request) -> web.Response:
    _invite, secret = await request.config_dict[CHAT].invites.create(actor(request))
    return await _page(request, f"{request.config_dict[PROXIES].origin(request)}/join/{secret}")


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].invites.revoke(actor(request), query.path_number(request, "id"))
    return see_other("/settings/invites")


async def _page(request: web.Request, link: str | None = None) -> web.Response:
    invites = await request.config_dict[CHAT].invites.all(actor(request))
    return await render_shell(request, "settings/invites.html", invites=invites, link=link)
