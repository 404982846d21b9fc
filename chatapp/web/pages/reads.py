"""How far somebody has read, said by form: on, and back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.templating import see_other


class ReadTo(msgspec.Struct):
    index: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


async def update(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    form = await forms.read(request, ReadTo)
    await request.config_dict[CHAT].memberships.mark_read(actor(request), slug, form.data.index)
    return see_other(f"/rooms/{slug}")


async def destroy(request: web.Request) -> web.Response:
    slug = request.match_info["slug"]
    await request.config_dict[CHAT].memberships.undo_read(actor(request), slug)
    return see_other(f"/rooms/{slug}")
