"""A new account by form, with an invite or where registration is open."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.keys import ADDRESS, CHAT, SETTINGS
from chatapp.web import forms
from chatapp.web.templating import render, see_other
from chatapp.web.visitors import welcome


class Registration(msgspec.Struct):
    username: str
    email: str
    password: str
    display_name: str = ""


async def new(request: web.Request) -> web.Response:
    return await _page(request, forms.blank())


async def create(request: web.Request) -> web.Response:
    form, invite = await forms.read(request, Registration), request.match_info.get("code", "")
    try:
        data = msgspec.structs.asdict(form.data)
        accounts = request.config_dict[CHAT].accounts
        person = await accounts.register(**data, invite=invite, address=request[ADDRESS])
    except ChatError as error:
        return await _page(request, form.refused(error))
    await welcome(request, person)
    return see_other("/")


async def _page(request: web.Request, form: forms.Form[Any]) -> web.Response:
    invite = request.match_info.get("code", "")
    chat, registration = request.config_dict[CHAT], request.config_dict[SETTINGS].registration
    is_let_in = await chat.invites.is_usable(invite) if invite else registration == "open"
    return await render(
        request,
        "accounts/register.html",
        status=0 if is_let_in else 403,
        invite=invite,
        is_closed=not is_let_in,
        form=form,
    )
