"""The page on which people set when and how they are told of messages."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from chatapp.core.notifications import DAYS, QuietHours, clock
from chatapp.keys import CHAT
from chatapp.web.forms import Form, blank
from chatapp.web.identity import actor, current
from chatapp.web.moments import WEEKDAYS
from chatapp.web.templating import render_shell

# What is offered to who has none yet.
NIGHT = QuietHours(begin=22 * 60, end=7 * 60)


async def notification_page(request: web.Request, *, quiet_form: Form[Any] | None = None) -> web.Response:
    """With the form when it was refused."""
    me, chat, identity = actor(request), request.config_dict[CHAT], current(request)
    notifications = chat.notifications
    settings = await notifications.settings(me)
    return await render_shell(
        request,
        "settings/notifications.html",
        status=quiet_form.status if quiet_form else 200,
        form=quiet_form or _shown(settings.quiet, me.time_zone),
        weekdays=WEEKDAYS,
        settings=settings,
        calm=await notifications.calm(me, settings),
        push_key=chat.push.key,
        is_pushed=await chat.push.is_subscribed(identity),
        devices=await chat.push.devices(me),
        current_digest=identity.session_digest,
    )


def _shown(quiet: QuietHours, time_zone: str) -> Form[Any]:
    times = quiet if quiet.days else NIGHT
    days = {f"day{day}": "on" if quiet.days >> day & 1 else "" for day in range(DAYS)}
    return blank(begin=clock(times.begin), end=clock(times.end), time_zone=time_zone, **days)
