"""Who is asking: session cookie, then ``?token=``, then ``Authorization``; a bad one falls through to the next."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from aiohttp_session import get_session

from chatapp.core import language
from chatapp.core.errors import Forbidden, Unauthenticated
from chatapp.core.language import N_
from chatapp.core.models import Identity, Person
from chatapp.domain import tickets
from chatapp.keys import CHAT, ENDINGS, IDENTITY, SETTINGS, WHO
from chatapp.web.origins import may_use_cookie
from chatapp.web.paths import is_open, is_socket

SAFE: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


class Unverified(Forbidden):
    """Signed in, but the e-mail address is not confirmed yet."""

    sentence = N_("Please confirm your e-mail address first.")


@web.middleware
async def identity(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[ENDINGS] = request.config_dict[CHAT].hub.endings
    found = request[IDENTITY] = None if is_open(request) else await _identify(request)
    request[WHO] = found.person.username if found else ""
    if found:
        language.begin(found.person.language)
    response = await handler(request)
    if request.method in SAFE and not response.prepared:
        await ask_again(request)
    return response


async def ask_again(request: web.Request) -> None:
    """Whoever was signed out while the answer was looked up does not get it, and while a body came in, which may take
    long, does nothing. Raises ``Unauthenticated``."""
    chat, found = request.config_dict[CHAT], request[IDENTITY]
    endings = chat.hub.endings
    if endings == request[ENDINGS]:
        return
    if found is not None and not await chat.sign_in.is_valid(found):
        request[IDENTITY] = None
        raise Unauthenticated
    request[ENDINGS] = endings


def current(request: web.Request) -> Identity:
    """The credential in use. Raises ``Unauthenticated``."""
    found = request[IDENTITY]
    if found is None:
        raise Unauthenticated
    return found


def actor(request: web.Request) -> Person:
    """Who is asking. Raises ``Unauthenticated``, and :class:`Unverified` before the address is confirmed."""
    person = current(request).person
    if not person.is_verified:
        raise Unverified
    return person


def bearer(request: web.BaseRequest) -> str:
    """The token of an ``Authorization: Bearer`` header; the scheme's case does not matter (RFC 9110)."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _identify(request: web.Request) -> Identity | None:
    for find in (_by_cookie, _by_query, _by_header):
        found = await find(request)
        if found is not None:
            return found
    return None


async def _by_cookie(request: web.Request) -> Identity | None:
    if hdrs.COOKIE not in request.headers:
        return None
    session = await get_session(request)
    secret = session.get("secret")
    if not secret or not may_use_cookie(request):
        return None
    return await request.config_dict[CHAT].sign_in.by_session(secret)


async def _by_query(request: web.Request) -> Identity | None:
    # Only where a client cannot set headers: a token in a URL ends up in histories and logs of others.
    token = _token_in_query(request) if is_socket(request) else ""
    if token.startswith(tickets.PREFIX):
        return await _by_ticket(request, token)
    if not token or not request.config_dict[SETTINGS].token_in_address:
        return None
    return await request.config_dict[CHAT].sign_in.by_token(token)


def _token_in_query(request: web.Request) -> str:
    # The request would keep its ``query``, and a socket keeps its request.
    pairs = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
    return next((value for name, value in pairs if name == "token"), "")


async def _by_ticket(request: web.Request, secret: str) -> Identity | None:
    chat = request.config_dict[CHAT]
    found = await chat.tickets.use(secret, request.headers.get(hdrs.ORIGIN, ""))
    return found if found and await chat.sign_in.is_valid(found) else None


async def _by_header(request: web.Request) -> Identity | None:
    token = bearer(request)
    return await request.config_dict[CHAT].sign_in.by_token(token) if token else None
