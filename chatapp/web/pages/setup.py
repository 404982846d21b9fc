"""The first account: a page that exists until there is one."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError, Forbidden, NotFound
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.templating import render, see_other
from chatapp.web.visitors import welcome


class FirstAccount(msgspec.Struct):
    code: str
    username: str
    email: str
    password: str
    display_name: str = ""


async def new(request: web.Request) -> web.Response:
    if not await request.config_dict[CHAT].accounts.is_empty():
        raise NotFound
    code = request.query.get("code", "")
    return await render(request, "accounts/setup.html", code=code, form=forms.blank(code=code))


async def create(request: web.Request) -> web.Response:
    form = await forms.read(request, FirstAccount)
    try:
        person = await request.config_dict[CHAT].accounts.set_up(**msgspec.structs.asdict(form.data))
    except ChatError as error:
        form = form.refused(error, on="code" if isinstance(error, Forbidden) else "")
        return await render(request, "accounts/setup.html", code=form.values["code"], form=form)
    await welcome(request, person)
    return see_other("/")
