"""Shutting somebody out, and letting them back in."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.errors import Invalid
from chatapp.web import forms
from chatapp.web.account_page import account_page, administer
from chatapp.web.language import _


class Sure(msgspec.Struct):
    sure: bool = False


async def create(request: web.Request) -> web.Response:
    form = await forms.read(request, Sure)
    if not form.data.sure:
        return await account_page(request, form.refused(Invalid(_("Please tick the box first.")), on="sure"))
    return await administer(request, _("The account is disabled."), is_disabled=True)


async def destroy(request: web.Request) -> web.Response:
    return await administer(request, _("The account is enabled."), is_disabled=False)
