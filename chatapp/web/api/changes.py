"""The log without a socket: what changed after a version, waited for if nothing did."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatapp.core.errors import Unauthenticated
from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.bodies import reply
from chatapp.web.identity import actor, current
from chatapp.web.language import _
from chatapp.web.shapes import history_out

MOST_SECONDS: Final = 30


async def index(request: web.Request) -> web.Response:
    me, slug, chat = actor(request), request.match_info["room"], request.config_dict[CHAT]
    after, epoch = query.number(request, "after"), query.text(request, "epoch")
    seconds = query.number(request, "wait", most=MOST_SECONDS) or 0
    if after is None:
        raise query.wrong("after", _("This field is required."))
    history = await chat.messages.changes(me, slug, after, epoch)
    if seconds and history.is_complete and not history.messages:
        await chat.messages.wait_for_change(me, slug, after, seconds)
        if not await chat.sign_in.is_valid(current(request)):
            raise Unauthenticated
        history = await chat.messages.changes(me, slug, after, epoch)
    return reply(history_out(request, history))
