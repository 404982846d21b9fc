"""Tokens for scripts; the secret is on the page that answers the form, and nowhere after."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError, Unauthenticated
from chatapp.keys import CHAT
from chatapp.web import forms, query
from chatapp.web.identity import actor, current
from chatapp.web.templating import render_shell, see_other


class NewToken(msgspec.Struct):
    name: str
    days: int | None = None


async def index(request: web.Request) -> web.Response:
    return await _page(request, forms.blank(days="30"))


async def create(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, NewToken)
    try:
        sign_in, wanted = request.config_dict[CHAT].sign_in, form.data
        _token, secret = await sign_in.create_token(me, wanted.name, wanted.days, current(request))
    except Unauthenticated:
        raise
    except ChatError as error:
        return await _page(request, form.refused(error))
    return await _page(request, forms.blank(days="30"), secret)


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].sign_in.revoke_token(actor(request), query.path_number(request, "id"))
    return see_other("/settings/tokens")


async def _page(request: web.Request, form: forms.Form[Any], secret: str | None = None) -> web.Response:
    tokens = await request.config_dict[CHAT].sign_in.tokens(actor(request))
    return await render_shell(request, "settings/tokens.html", tokens=tokens, secret=secret, form=form)
