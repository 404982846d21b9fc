"""A room's messages over REST: read by page, posted, edited, deleted."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from aiohttp import web

from chatapp.core.errors import BadRequest, FieldError
from chatapp.core.events import wire
from chatapp.core.files import Description, FileId, NewAttachment, wished
from chatapp.core.models import History, Message
from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.bodies import JSON, decode, nothing, read, reply, unsupported
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.shapes import history_out

LIMIT: Final = 50
MOST: Final = 100
# What curl -d calls its text when nobody says otherwise.
TEXT: Final = frozenset({"text/plain", "application/x-www-form-urlencoded"})

Index = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class NewMessage(msgspec.Struct):
    content: str
    client_id: str = ""
    reply_to: Index | None = None
    attachments: tuple[FileId | NewAttachment, ...] = ()


class NewContent(msgspec.Struct, forbid_unknown_fields=True):
    content: str
    descriptions: tuple[Description, ...] = ()


async def index(request: web.Request) -> web.Response:
    limit = query.number(request, "limit", least=1, most=MOST) or LIMIT
    history = await _asked_for(request, limit)
    return reply(history_out(request, history), headers=_links(request, history, limit))


async def create(request: web.Request) -> web.Response:
    me, slug = actor(request), request.match_info["room"]
    body = await _new_message(request)
    message = await request.config_dict[CHAT].messages.post(
        me, slug, body.content, body.client_id, body.reply_to, wished(body.attachments)
    )
    return _one(request, message, status=201)


async def show(request: web.Request) -> web.Response:
    return _one(request, await request.config_dict[CHAT].messages.by_index(actor(request), *_address(request)))


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    body = await decode(request, NewContent)
    described = wished(body.descriptions)
    return _one(request, await request.config_dict[CHAT].messages.edit(me, *_address(request), body.content, described))


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].messages.delete(actor(request), *_address(request))
    return nothing()


def _address(request: web.Request) -> tuple[str, int]:
    return request.match_info["room"], query.path_number(request, "index")


def _one(request: web.Request, message: Message, *, status: int = 200) -> web.Response:
    slug = request.match_info["room"]
    headers = {"Location": f"/api/v1/rooms/{slug}/messages/{message.index}"} if status == 201 else {}
    return reply(wire(message, slug, with_html=query.flag(request, "html")), status=status, headers=headers)


async def _asked_for(request: web.Request, limit: int) -> History:
    me, slug, messages = actor(request), request.match_info["room"], request.config_dict[CHAT].messages
    query.only_one(request, "before", "after", "around")
    for name, find in (("before", messages.before), ("after", messages.after), ("around", messages.around)):
        index = query.number(request, name)
        if index is not None:
            return await find(me, slug, index, limit)
    return await messages.recent(me, slug, limit)


def _links(request: web.Request, history: History, limit: int) -> dict[str, str]:
    """``prev`` is older, ``next`` is newer (RFC 8288)."""
    if not history.messages:
        return {}
    oldest, newest = history.messages[0].index, history.messages[-1].index
    links = []
    if oldest > 1:
        links.append(f'<{request.path}?before={oldest}&limit={limit}>; rel="prev"')
    if newest < history.index:
        links.append(f'<{request.path}?after={newest}&limit={limit}>; rel="next"')
    return {"Link": ", ".join(links)} if links else {}


async def _new_message(request: web.Request) -> NewMessage:
    key = request.headers.get("Idempotency-Key", "")
    if request.content_type in TEXT:
        return NewMessage(await _text(request), client_id=key)
    if request.content_type != JSON:
        raise unsupported("application/json, text/plain")
    body = await decode(request, NewMessage)
    if key and body.client_id not in ("", key):
        sentence = _("client_id and Idempotency-Key differ.")
        raise BadRequest(sentence, errors=(FieldError("client_id", sentence),))
    body.client_id = key or body.client_id
    return body


async def _text(request: web.Request) -> str:
    try:
        return (await read(request)).decode()
    except UnicodeDecodeError:
        raise BadRequest(_("The text is not UTF-8.")) from None
