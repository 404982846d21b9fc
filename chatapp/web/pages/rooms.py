"""Rooms: those one can join, a new one, one to read, and its settings."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web
from aiohttp_session import get_session

from chatapp.core.errors import ChatError
from chatapp.keys import CHAT
from chatapp.web import forms, query
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.room_settings import settings_page
from chatapp.web.session import flash
from chatapp.web.templating import render_shell, see_other
from chatapp.web.timeline import room_page, window


class NewRoom(msgspec.Struct):
    name: str
    slug: str = ""
    topic: str = ""
    kind: Literal["open", "closed"] = "open"


class RoomSettings(msgspec.Struct):
    name: str
    topic: str = ""


async def index(request: web.Request) -> web.Response:
    wanted = query.text(request, "q")
    browse = await request.config_dict[CHAT].rooms.browse(actor(request), wanted)
    return await render_shell(request, "rooms/index.html", browse=browse, wanted=wanted)


async def new(request: web.Request) -> web.Response:
    actor(request)
    return await render_shell(request, "rooms/new.html", form=forms.blank(kind="open"))


async def create(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, NewRoom)
    try:
        room = await request.config_dict[CHAT].rooms.create(me, **msgspec.structs.asdict(form.data))
    except ChatError as error:
        return await render_shell(request, "rooms/new.html", form=form.refused(error))
    return see_other(f"/rooms/{room.slug}")


async def show(request: web.Request) -> web.Response:
    view = await request.config_dict[CHAT].rooms.show(actor(request), request.match_info["slug"])
    history = await window(request, view)
    session = await get_session(request)
    if view.is_member and session.get("room") != view.room.slug and "Sec-Purpose" not in request.headers:
        session["room"] = view.room.slug
    return await room_page(request, view, history)


async def edit(request: web.Request) -> web.Response:
    return await settings_page(request)


async def update(request: web.Request) -> web.Response:
    me, slug, rooms = actor(request), request.match_info["slug"], request.config_dict[CHAT].rooms
    form = await forms.read(request, RoomSettings)
    try:
        await rooms.update(me, slug, name=form.data.name, topic=form.data.topic)
    except ChatError as error:
        return await settings_page(request, form.refused(error))
    await flash(request, _("Saved."))
    return see_other(f"/rooms/{slug}/settings")
