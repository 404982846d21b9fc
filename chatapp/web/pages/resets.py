"""A forgotten password: a link is asked for, then a new password given."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.keys import ADDRESS, CHAT
from chatapp.web import forms
from chatapp.web.devices import remember_device
from chatapp.web.language import _
from chatapp.web.session import flash
from chatapp.web.templating import render, see_other
from chatapp.web.visitors import welcome


class Forgotten(msgspec.Struct):
    email: str


class Reset(msgspec.Struct):
    password: str


async def new(request: web.Request) -> web.Response:
    return await render(request, "accounts/forgot.html", form=forms.blank())


async def create(request: web.Request) -> web.Response:
    form = await forms.read(request, Forgotten)
    try:
        await request.config_dict[CHAT].links.request_reset(form.data.email, address=request[ADDRESS])
    except ChatError as error:
        return await render(request, "accounts/forgot.html", form=form.refused(error))
    await flash(request, _("If an account has this address, a link is on its way. It works for a short time and once."))
    return see_other("/login")


async def edit(request: web.Request) -> web.Response:
    return await _page(request, forms.blank())


async def update(request: web.Request) -> web.Response:
    form = await forms.read(request, Reset)
    try:
        person = await request.config_dict[CHAT].links.reset(request.match_info["token"], form.data.password)
    except ChatError as error:
        return await _page(request, form.refused(error))
    await welcome(request, person)
    response = see_other("/")
    remember_device(request, response, person)
    return response


async def _page(request: web.Request, form: forms.Form[Any]) -> web.Response:
    is_valid = await request.config_dict[CHAT].links.is_alive("reset", request.match_info["token"])
    status = 0 if is_valid else 404
    return await render(request, "accounts/reset.html", status=status, is_valid=is_valid, form=form)
