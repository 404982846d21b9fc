"""Tokens for scripts; the secret is on the page that follows the form, once."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError, Unauthenticated
from chatapp.keys import CHAT
from chatapp.web import forms, query
from chatapp.web.identity import actor, current
from chatapp.web.session import keep_once, take_once
from chatapp.web.templating import render_shell, see_other


class NewToken(msgspec.Struct):
    name: str
    days: int | None = None


async def index(request: web.Request) -> web.Response:
    made = query.number(request, "made")
    secret = await take_once(request, f"token {made}")
    return await _page(request, forms.blank(days="30"), made, secret)


async def create(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, NewToken)
    try:
        sign_in, wanted = request.config_dict[CHAT].sign_in, form.data
        token, secret = await sign_in.create_token(me, wanted.name, wanted.days, current(request))
    except Unauthenticated:
        raise
    except ChatError as error:
        return await _page(request, form.refused(error))
    await keep_once(request, f"token {token.id}", secret)
    return see_other(f"/settings/tokens?made={token.id}")


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].sign_in.revoke_token(actor(request), query.path_number(request, "id"))
    return see_other("/settings/tokens")


async def _page(request: web.Request, form: forms.Form[Any], made: int | None = None, secret: str = "") -> web.Response:
    tokens = await request.config_dict[CHAT].sign_in.tokens(actor(request))
    return await render_shell(request, "settings/tokens.html", tokens=tokens, made=made, secret=secret, form=form)
