"""A file of a room, to keep; a picture of one, to look at."""

from __future__ import annotations

from aiohttp import web

from chatapp.core.errors import NotFound
from chatapp.domain.files import Copy
from chatapp.keys import CHAT
from chatapp.web import downloads, query
from chatapp.web.identity import actor


async def show(request: web.Request) -> web.StreamResponse:
    slug, file_id = request.match_info["slug"], query.path_number(request, "id")
    file, path = await request.config_dict[CHAT].files.open(actor(request), slug, file_id)
    if request.match_info["name"] != file.name:
        raise NotFound
    return downloads.to_keep(path, file.name)


async def thumbnail(request: web.Request) -> web.StreamResponse:
    return await _copy(request, "thumbnail")


async def picture(request: web.Request) -> web.StreamResponse:
    return await _copy(request, "picture")


async def _copy(request: web.Request, copy: Copy) -> web.StreamResponse:
    slug, file_id = request.match_info["slug"], query.path_number(request, "id")
    _, path = await request.config_dict[CHAT].files.open(actor(request), slug, file_id, copy)
    return downloads.to_look_at(path)
