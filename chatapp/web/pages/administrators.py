"""Who looks after the chat: made and unmade by those who do."""

from __future__ import annotations

from aiohttp import web

from chatapp.web.account_page import administer
from chatapp.web.language import _


async def create(request: web.Request) -> web.Response:
    return await administer(request, _("This person is an administrator now."), is_admin=True)


async def destroy(request: web.Request) -> web.Response:
    return await administer(request, _("This person is no administrator any more."), is_admin=False)
