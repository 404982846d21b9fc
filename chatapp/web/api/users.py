"""Accounts over REST, for administrators; for others there is nothing here."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.bodies import decode, reply
from chatapp.web.identity import actor
from chatapp.web.shapes import user_out

LIMIT: Final = 50
MOST: Final = 100


class UserPatch(msgspec.Struct, forbid_unknown_fields=True):
    is_disabled: bool | None = None
    is_admin: bool | None = None


async def index(request: web.Request) -> web.Response:
    limit = query.number(request, "limit", least=1, most=MOST) or LIMIT
    wanted, after = query.text(request, "q"), query.text(request, "after")
    found, has_more = await request.config_dict[CHAT].accounts.page(
        actor(request), wanted=wanted, after=after, limit=limit
    )
    headers = {"Link": _next(request, limit, found[-1].person.username)} if has_more else {}
    return reply({"users": [user_out(account) for account in found]}, headers=headers)


async def show(request: web.Request) -> web.Response:
    account = await request.config_dict[CHAT].accounts.show(actor(request), request.match_info["username"])
    return reply(user_out(account))


async def update(request: web.Request) -> web.Response:
    me, username, accounts = actor(request), request.match_info["username"], request.config_dict[CHAT].accounts
    body = await decode(request, UserPatch)
    account = await accounts.administer(me, username, is_disabled=body.is_disabled, is_admin=body.is_admin)
    return reply(user_out(account))


def _next(request: web.Request, limit: int, after: str) -> str:
    following = {**request.query, "limit": limit, "after": after}
    return f'<{request.path}?{urlencode(following)}>; rel="next"'
