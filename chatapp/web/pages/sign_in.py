"""Signing in and out by form."""

from __future__ import annotations

import msgspec
from aiohttp import web
from aiohttp_session import get_session

from chatapp.core.errors import ChatError
from chatapp.keys import CHAT, IDENTITY
from chatapp.web import forms
from chatapp.web.devices import device_of, remember_device
from chatapp.web.paths import own_path
from chatapp.web.templating import render, see_other
from chatapp.web.visitors import enter, visitor


class SignIn(msgspec.Struct):
    username: str
    password: str
    remember: bool = False
    next: str = "/"


async def new(request: web.Request) -> web.Response:
    target = own_path(request.query.get("next", "/"))
    if request[IDENTITY] is not None:
        return see_other(target)
    if await request.config_dict[CHAT].accounts.is_empty():
        return see_other("/setup")
    return await render(request, "sign_in/new.html", next=target, ended=request.query.get("ended"), form=forms.blank())


async def create(request: web.Request) -> web.Response:
    form = await forms.read(request, SignIn)
    target = own_path(form.values["next"])
    try:
        data = form.data
        secret, person = await request.config_dict[CHAT].sign_in.with_password(
            data.username, data.password, remember=data.remember, device=device_of(request), **visitor(request)
        )
    except ChatError as error:
        return await render(request, "sign_in/new.html", next=target, form=form.refused(error))
    await enter(request, person, secret, is_remembered=data.remember)
    response = see_other(target)
    remember_device(request, response, person)
    return response


async def destroy(request: web.Request) -> web.Response:
    identity = request[IDENTITY]
    if identity is not None:
        await request.config_dict[CHAT].sign_in.log_out(identity)
    (await get_session(request)).invalidate()
    response = see_other("/login")
    # Back must not show whoever comes next what was on the screen.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
