"""The cookie by which a browser is known to the account that has logged in there; it opens nothing by itself."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatapp.core.models import Person
from chatapp.keys import CHAT, SETTINGS

DAYS: Final = 180
DAY_SECONDS: Final = 86_400


def device_of(request: web.Request) -> str:
    return request.cookies.get(_name(request), "")


def remember_device(request: web.Request, response: web.StreamResponse, person: Person) -> None:
    """After a password or a mailed link has proved who this is."""
    response.set_cookie(
        _name(request),
        request.config_dict[CHAT].sign_in.device_of(person),
        max_age=DAYS * DAY_SECONDS,
        path="/",
        secure=request.config_dict[SETTINGS].is_https,
        httponly=True,
        samesite="Lax",
    )


def _name(request: web.Request) -> str:
    return "__Host-device" if request.config_dict[SETTINGS].is_https else "device"
