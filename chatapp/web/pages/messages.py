"""One message by its address, a new one by form, and one written anew."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError, Conflict, KeyUsed
from chatapp.core.models import Attach, Attachment
from chatapp.core.text import MOST_UNASKED, calls_everybody
from chatapp.domain.commands import is_command, literal, run
from chatapp.keys import CHAT
from chatapp.web import forms, query, uploads
from chatapp.web.identity import actor
from chatapp.web.language import N_
from chatapp.web.message_page import address, back_to, message_page
from chatapp.web.session import flash
from chatapp.web.templating import render_shell, see_other
from chatapp.web.timeline import PAGE, room_page, window


class NewMessage(msgspec.Struct):
    content: str
    client_id: str = ""
    reply_to: int | None = None
    # What the pictures among the files show.
    alt: str = ""
    # What a page that asked first sends along: the answer, and the files that had come by then.
    is_meant: bool = False
    is_withdrawn: bool = False
    uploaded: str = ""


class NewContent(msgspec.Struct):
    content: str


async def show(request: web.Request) -> web.Response:
    chat, me, slug = request.config_dict[CHAT], actor(request), request.match_info["slug"]
    index = query.path_number(request, "index")
    await chat.messages.standing(me, slug, index)
    view = await chat.rooms.show(me, slug)
    return await room_page(request, view, await chat.messages.around(me, slug, index, PAGE), at=index)


async def create(request: web.Request) -> web.Response:
    attached: list[Attach] = []
    try:
        files = await uploads.taken(request, request.match_info["slug"])
        form = await forms.read(request, NewMessage)
        wanted = form.data
        attached = [Attach(each, wanted.alt) for each in [*uploads.earlier(wanted.uploaded), *files]]
        if wanted.is_withdrawn:
            return await _again(request, form, attached)
        return await _asked_first(request, wanted, attached) or await _send(request, form, attached)
    except KeyUsed:
        return await _another(request, await forms.read(request, NewMessage), attached)
    except ChatError as error:
        return await _again(request, (await forms.read(request, NewMessage)).refused(error), attached)


async def _send(request: web.Request, form: forms.Form[NewMessage], attached: list[Attach]) -> web.Response:
    if is_command(form.data.content) and not attached:
        return await _run(request, form)
    return await _post(request, form.data, attached)


async def _post(request: web.Request, wanted: NewMessage, attached: list[Attach]) -> web.Response:
    chat, me, slug = request.config_dict[CHAT], actor(request), request.match_info["slug"]
    words = (literal(wanted.content), wanted.client_id, wanted.reply_to)
    message = await chat.messages.post(me, slug, *words, attachments=attached)
    if message.edited_at or message.is_deleted:
        # That of before, which nobody can compare with this one any more.
        raise KeyUsed
    await chat.memberships.mark_read(me, slug, message.index)  # who answers has read, and no script says so
    return see_other(f"/rooms/{slug}#m{message.index}")


async def _run(request: web.Request, form: forms.Form[NewMessage]) -> web.Response:
    """What the line says; whatever comes of it, what was typed is not lost."""
    chat, me, slug, wanted = request.config_dict[CHAT], actor(request), request.match_info["slug"], form.data
    await chat.access.room_for(me, slug)
    try:
        outcome = await run(chat, me, slug, wanted.content, wanted.client_id)
    except KeyUsed:
        raise
    except ChatError as error:
        return await _again(request, form.refused(error, on="content"))
    if outcome.said:
        await flash(request, outcome.said)
    return see_other(outcome.address or f"/rooms/{slug}")


async def _another(request: web.Request, form: forms.Form[NewMessage], attached: Sequence[Attach]) -> web.Response:
    """The page had sent a message, and was gone back to: what stands in it now is sent under a key of its own."""
    said = Conflict(N_("What you sent from this page before has arrived. If this is another message, send it now."))
    return await _again(request, form.refused(said).also({"client_id": ""}), attached)


async def _again(request: web.Request, form: forms.Form[NewMessage], attached: Sequence[Attach] = ()) -> web.Response:
    """The room with what was written, and the files that have come by now, to be sent after all."""
    form = form.also({"uploaded": " ".join(str(each.id) for each in attached)})
    view = await request.config_dict[CHAT].rooms.show(actor(request), request.match_info["slug"])
    return await room_page(request, view, await window(request, view), form=form)


async def _asked_first(request: web.Request, wanted: NewMessage, attached: list[Attach]) -> web.Response | None:
    """A question, before very many people are called."""
    if wanted.is_meant or not calls_everybody(wanted.content):
        return None
    slug = request.match_info["slug"]
    view = await request.config_dict[CHAT].rooms.show(actor(request), slug)
    if view.members <= MOST_UNASKED:
        return None
    return await render_shell(request, "messages/loud.html", slug=slug, view=view, wanted=wanted, attached=attached)


async def edit(request: web.Request) -> web.Response:
    message = await request.config_dict[CHAT].messages.editable(actor(request), *address(request))
    described = {_field(each): each.alt for each in message.attachments}
    form = forms.blank(content=message.content, **described)
    return await message_page(request, "messages/edit.html", message, form=form)


async def update(request: web.Request) -> web.Response:
    messages, me = request.config_dict[CHAT].messages, actor(request)
    form = await forms.read(request, NewContent)
    message = await messages.editable(me, *address(request))
    said = await forms.texts(request, [_field(each) for each in message.attachments])
    described = [Attach(each.id, said[_field(each)]) for each in message.attachments if _field(each) in said]
    try:
        await messages.edit(me, *address(request), form.data.content, described)
    except ChatError as error:
        refused = form.also(said).refused(error)
        return await message_page(request, "messages/edit.html", message, form=refused)
    return back_to(message, request.match_info["slug"])


def _field(attachment: Attachment) -> str:
    """What the description of a file is called in the form."""
    return f"alt-{attachment.id}"
