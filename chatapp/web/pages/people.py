"""Everybody here, to write to; and one of them."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.identity import actor
from chatapp.web.templating import render_shell


async def index(request: web.Request) -> web.Response:
    wanted, after = query.text(request, "q"), query.text(request, "after")
    found, has_more = await request.config_dict[CHAT].people.listed(actor(request), wanted=wanted, after=after)
    return await render_shell(
        request,
        "people/index.html",
        people=found,
        wanted=wanted,
        first_url=query.address("/people", q=wanted) if after else None,
        next_url=query.address("/people", q=wanted, after=found[-1].username) if has_more else None,
    )


async def show(request: web.Request) -> web.Response:
    somebody = await request.config_dict[CHAT].people.show(actor(request), request.match_info["username"])
    return await render_shell(request, "people/show.html", somebody=somebody)
