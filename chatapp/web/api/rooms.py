"""Rooms over REST: listed, opened, shown, renamed."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from chatapp.core.models import Person
from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.bodies import decode, reply
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.packing import pack
from chatapp.web.shapes import room_out


class NewRoom(msgspec.Struct):
    """``name``: as the slug, where that is all that is given."""

    name: str | None = None
    slug: str = ""
    topic: str = ""
    kind: Literal["open", "closed"] = "open"


class RoomPatch(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    topic: str | None = None


async def index(request: web.Request) -> web.Response:
    me, rooms = actor(request), request.config_dict[CHAT].rooms
    views = [*await rooms.sidebar(me), *await rooms.browse(me)]
    # Every page asks for this once, when it has connected.
    response = reply({"rooms": [room_out(view) for view in views]})
    pack(request, response)
    return response


async def create(request: web.Request) -> web.Response:
    me = actor(request)
    body = await decode(request, NewRoom)
    if body.name is None:
        if not body.slug:
            raise query.wrong("name", _("This field is required."))
        body.name = body.slug
    room = await request.config_dict[CHAT].rooms.create(me, **msgspec.structs.asdict(body))
    return await _room(request, me, room.slug, status=201)


async def show(request: web.Request) -> web.Response:
    return await _room(request, actor(request), request.match_info["room"])


async def update(request: web.Request) -> web.Response:
    me, slug, rooms = actor(request), request.match_info["room"], request.config_dict[CHAT].rooms
    body = await decode(request, RoomPatch)
    await rooms.update(me, slug, name=body.name, topic=body.topic)
    return await _room(request, me, slug)


async def _room(request: web.Request, me: Person, slug: str, *, status: int = 200) -> web.Response:
    view = await request.config_dict[CHAT].rooms.show(me, slug)
    return reply(room_out(view), status=status, headers={"Location": f"/api/v1/rooms/{slug}"} if status == 201 else {})
