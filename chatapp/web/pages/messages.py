"""One message by its address, a new one by form, and one written anew."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.keys import CHAT
from chatapp.web import forms, query, uploads
from chatapp.web.identity import actor
from chatapp.web.message_page import address, back_to, message_page
from chatapp.web.templating import see_other
from chatapp.web.timeline import PAGE, room_page, window


class NewMessage(msgspec.Struct):
    content: str
    client_id: str = ""
    reply_to: int | None = None


class NewContent(msgspec.Struct):
    content: str


async def show(request: web.Request) -> web.Response:
    chat, me, slug = request.config_dict[CHAT], actor(request), request.match_info["slug"]
    index = query.path_number(request, "index")
    await chat.messages.standing(me, slug, index)
    view = await chat.rooms.show(me, slug)
    return await room_page(request, view, await chat.messages.around(me, slug, index, PAGE), at=index)


async def create(request: web.Request) -> web.Response:
    chat, me, slug = request.config_dict[CHAT], actor(request), request.match_info["slug"]
    form = await forms.read(request, NewMessage)
    try:
        wanted, attached = form.data, await uploads.taken(request, slug)
        message = await chat.messages.post(
            me, slug, wanted.content, wanted.client_id, wanted.reply_to, attachments=attached
        )
    except ChatError as error:
        view = await chat.rooms.show(me, slug)
        return await room_page(request, view, await window(request, view), form=form.refused(error))
    # Who answers has read: without scripts nothing else says so.
    await chat.memberships.mark_read(me, slug, message.index)
    return see_other(f"/rooms/{slug}#m{message.index}")


async def edit(request: web.Request) -> web.Response:
    message = await request.config_dict[CHAT].messages.editable(actor(request), *address(request))
    return await message_page(request, "messages/edit.html", message, form=forms.blank(content=message.content))


async def update(request: web.Request) -> web.Response:
    messages, me = request.config_dict[CHAT].messages, actor(request)
    form = await forms.read(request, NewContent)
    message = await messages.editable(me, *address(request))
    try:
        await messages.edit(me, *address(request), form.data.content)
    except ChatError as error:
        return await message_page(request, "messages/edit.html", message, form=form.refused(error))
    return back_to(message, request.match_info["slug"])
