"""Whether this browser is told of messages while no page is open."""

from __future__ import annotations

from aiohttp import web

from chatapp.core.push import Subscription
from chatapp.keys import CHAT
from chatapp.web.bodies import decode, nothing
from chatapp.web.identity import actor, current


async def update(request: web.Request) -> web.Response:
    actor(request)
    body = await decode(request, Subscription)
    await request.config_dict[CHAT].push.subscribe(current(request), body)
    return nothing()


async def destroy(request: web.Request) -> web.Response:
    actor(request)
    await request.config_dict[CHAT].push.unsubscribe(current(request))
    return nothing()
