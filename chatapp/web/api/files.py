"""A file brought into a room over REST, to be sent with a message afterwards."""

from __future__ import annotations

from aiohttp import web

from chatapp.core.events import wire_attachment
from chatapp.keys import CHAT
from chatapp.web import query, uploads
from chatapp.web.bodies import reply
from chatapp.web.identity import actor
from chatapp.web.language import _


async def create(request: web.Request) -> web.Response:
    me, slug, alt = actor(request), query.text(request, "room"), query.text(request, "alt")
    if not slug:
        raise query.wrong("room", _("This field is required."))
    name, pieces, size = await uploads.single(request, query.text(request, "name"))
    file = await request.config_dict[CHAT].files.upload(me, slug, name, pieces, alt=alt, size=size)
    made = wire_attachment(file.shown, slug)
    return reply(made, status=201, headers={"Location": made.url})
