"""The page about oneself, with its forms: the profile, the presence, the password."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from chatapp.web.forms import Form, blank
from chatapp.web.identity import actor
from chatapp.web.templating import render_shell


async def profile_page(
    request: web.Request,
    *,
    form: Form[Any] | None = None,
    away_form: Form[Any] | None = None,
    password_form: Form[Any] | None = None,
) -> web.Response:
    """With whichever form was refused."""
    me = actor(request)
    refused = form or away_form or password_form
    return await render_shell(
        request,
        "settings/profile.html",
        status=refused.status if refused else 200,
        form=form or blank(display_name=me.display_name, time_zone=me.time_zone),
        language_form=blank(language=me.language),
        away_form=away_form or blank(status=me.status),
        password_form=password_form or blank(),
    )
