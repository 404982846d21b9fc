"""Everybody's accounts, for administrators; for others there are no such pages."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.account_page import account_page
from chatapp.web.identity import actor
from chatapp.web.templating import render_shell


async def index(request: web.Request) -> web.Response:
    wanted, after = query.text(request, "q"), query.text(request, "after")
    found, has_more = await request.config_dict[CHAT].accounts.page(actor(request), wanted=wanted, after=after)
    return await render_shell(
        request,
        "admin/users.html",
        accounts=found,
        wanted=wanted,
        first_url=query.address("/admin/users", q=wanted) if after else None,
        next_url=query.address("/admin/users", q=wanted, after=found[-1].person.username) if has_more else None,
    )


async def edit(request: web.Request) -> web.Response:
    return await account_page(request)
