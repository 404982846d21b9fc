"""Other people in a room: brought in and taken out."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError, NotFound
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.room_settings import settings_page
from chatapp.web.templating import see_other


class NewMember(msgspec.Struct):
    username: str


async def create(request: web.Request) -> web.Response:
    me, slug = actor(request), request.match_info["slug"]
    await request.config_dict[CHAT].access.room_for(me, slug)
    form = await forms.read(request, NewMember)
    try:
        await request.config_dict[CHAT].memberships.add(me, slug, form.data.username)
    except ChatError as error:
        # The room is there: what was not found is the person.
        return await settings_page(request, form.refused(error, on="username" if isinstance(error, NotFound) else ""))
    return see_other(f"/rooms/{slug}/settings#members")


async def destroy(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    await request.config_dict[CHAT].memberships.remove(actor(request), slug, request.match_info["username"])
    return see_other(f"/rooms/{slug}/settings#members")
