"""The hours in which somebody is told of nothing."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.language import _
from chatapp.web.notification_page import notification_page
from chatapp.web.session import flash
from chatapp.web.templating import see_other


class QuietHours(msgspec.Struct):
    """``day0`` is Monday."""

    begin: str
    end: str
    time_zone: str = ""
    day0: bool = False
    day1: bool = False
    day2: bool = False
    day3: bool = False
    day4: bool = False
    day5: bool = False
    day6: bool = False

    @property
    def days(self) -> int:
        ticked = (self.day0, self.day1, self.day2, self.day3, self.day4, self.day5, self.day6)
        return sum(is_ticked << day for day, is_ticked in enumerate(ticked))


async def update(request: web.Request) -> web.Response:
    me = actor(request)
    form = await forms.read(request, QuietHours)
    try:
        wanted = form.data
        await request.config_dict[CHAT].notifications.set_quiet_hours(
            me, days=wanted.days, begin=wanted.begin, end=wanted.end, time_zone=wanted.time_zone
        )
    except ChatError as error:
        return await notification_page(request, quiet_form=form.refused(error))
    await flash(request, _("Saved."))
    return see_other("/settings/notifications")
