"""The page on which an administrator looks after one account."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor
from chatapp.web.session import flash
from chatapp.web.templating import render_shell, see_other


async def account_page(request: web.Request, form: forms.Form[Any] | None = None) -> web.Response:
    """With ``form`` when it was refused."""
    account = await request.config_dict[CHAT].accounts.show(actor(request), request.match_info["username"])
    return await render_shell(request, "admin/user.html", account=account, form=form or forms.blank(sure=""))


async def administer(request: web.Request, done: str, **change: bool) -> web.Response:
    """Do it, say that it is ``done``; what speaks against it stands on the page."""
    me, username = actor(request), request.match_info["username"]
    try:
        await request.config_dict[CHAT].accounts.administer(me, username, **change)
    except ChatError as error:
        return await account_page(request, forms.blank(sure="").refused(error))
    await flash(request, done)
    # Who is no administrator any more has no such page.
    is_over = username == me.username and not change.get("is_admin", True)
    return see_other("/rooms" if is_over else f"/admin/users/{username}")
