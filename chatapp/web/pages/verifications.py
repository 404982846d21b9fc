"""Confirming an e-mail address: asked again, and by the link of the mail."""

from __future__ import annotations

from aiohttp import web

from chatapp.keys import CHAT
from chatapp.web.identity import current
from chatapp.web.language import _
from chatapp.web.session import flash
from chatapp.web.templating import render, see_other


async def show(request: web.Request) -> web.Response:
    person = current(request).person
    if person.is_verified:
        return see_other("/")
    email = await request.config_dict[CHAT].links.awaited_address(person)
    return await render(request, "accounts/verify.html", email_hint=hint(email))


async def create(request: web.Request) -> web.Response:
    await request.config_dict[CHAT].links.request_verification(current(request).person)
    await flash(request, _("The link is on its way."))
    return see_other("/verify")


async def edit(request: web.Request) -> web.Response:
    # Programs that check mail follow links: looking must not use the link up.
    return await _page(request)


async def update(request: web.Request) -> web.Response:
    links, token = request.config_dict[CHAT].links, request.match_info["token"]
    if not await links.is_alive("verify", token):
        return await _page(request)
    await links.verify(token)
    await flash(request, _("Your e-mail address is confirmed."))
    return see_other("/")


def hint(email: str) -> str:
    """``a***@example.org``: enough to know one's own address by."""
    name, at, host = email.rpartition("@")
    return f"{name[:1]}***{at}{host}"


async def _page(request: web.Request) -> web.Response:
    is_valid = await request.config_dict[CHAT].links.is_alive("verify", request.match_info["token"])
    status = 200 if is_valid else 404
    return await render(request, "accounts/confirm.html", status=status, is_valid=is_valid)
