"""A JWT for scripts: for a name and a password, or for a session."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core.models import Person
from chatapp.domain.sign_in import Proof
from chatapp.keys import ADDRESS, CHAT, WHO
from chatapp.web import query
from chatapp.web.bodies import decode, nothing, reply
from chatapp.web.identity import actor, current
from chatapp.web.shapes import token_out


class Credentials(msgspec.Struct):
    username: str
    password: str


async def create(request: web.Request) -> web.Response:
    person, by = await _by_password(request) if request.can_read_body else (actor(request), current(request))
    request[WHO] = person.username
    token, secret = await request.config_dict[CHAT].sign_in.create_jwt(person, by=by)
    return reply(token_out(token, secret), status=201, headers={"Location": f"/api/v1/tokens/{token.id}"})


async def destroy(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].sign_in.revoke_token(actor(request), query.path_number(request, "id"))
    return nothing()


async def _by_password(request: web.Request) -> tuple[Person, Proof]:
    body = await decode(request, Credentials)
    sign_in = request.config_dict[CHAT].sign_in
    return await sign_in.check_password(body.username, body.password, address=request[ADDRESS])
