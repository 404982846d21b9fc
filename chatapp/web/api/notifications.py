"""Whether one wants to be told of messages now, for the page in the browser."""

from __future__ import annotations

from aiohttp import web

from chatapp.core.events import timestamp
from chatapp.keys import CHAT
from chatapp.web.bodies import reply
from chatapp.web.identity import actor, current


async def show(request: web.Request) -> web.Response:
    me, notifications = actor(request), request.config_dict[CHAT].notifications
    settings = await notifications.settings(me)
    calm = await notifications.calm(me, settings)
    changes_at = None if calm.changes_at is None else timestamp(calm.changes_at)
    shown = {"words": not settings.hides_words, "quiet": calm.is_quiet, "changes_at": changes_at}
    return reply({**shown, "push": await _push(request)})


async def _push(request: web.Request) -> dict[str, object] | None:
    """With which key this browser is to be subscribed, and whether it is; None where closed browsers are not told."""
    push = request.config_dict[CHAT].push
    return {"key": push.key, "subscribed": await push.is_subscribed(current(request))} if push.is_on else None
