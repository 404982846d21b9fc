"""In which language somebody is answered: the one they chose, the cookie of this browser, what the browser asks for."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from chatapp.core import hour_cycles, language
from chatapp.core.language import LANGUAGES, N_, _, ngettext
from chatapp.core.models import HourCycle
from chatapp.keys import IDENTITY, SETTINGS, WHO

__all__ = ["N_", "_", "ngettext"]

COOKIE: Final = "language"
COOKIE_SECONDS: Final = 365 * 86_400


def listen(request: web.Request) -> None:
    """Answer in the language of the browser, until it is known who is asking."""
    # Looked for first: a request keeps what it has read of them, and a socket its request.
    chosen = request.cookies.get(COOKIE, "") if hdrs.COOKIE in request.headers else ""
    language.begin(chosen if chosen in LANGUAGES else negotiated(request))


def negotiated(request: web.Request) -> str:
    return language.negotiated(_accepted(request))


def _accepted(request: web.Request) -> str:
    return ",".join(request.headers.getall(hdrs.ACCEPT_LANGUAGE, ()))


def hour_cycle(request: web.Request) -> HourCycle:
    """As the person who is asking chose, else as is usual where their browser is at home."""
    who = request.get(IDENTITY)
    return (who.person.hour_cycle if who else "") or hour_cycles.usual(_accepted(request))


def say_language(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Tell caches and readers the language of the answer (RFC 9110, 8.5), and that another browser may get another."""
    response.headers[hdrs.CONTENT_LANGUAGE] = language.current()
    if not request.get(WHO):
        response.headers.add(hdrs.VARY, hdrs.ACCEPT_LANGUAGE)


def remember(request: web.Request, response: web.StreamResponse, tag: str) -> None:
    """Keep the choice in this browser, for pages that do not know who is asking; "" forgets it."""
    is_https = request.config_dict[SETTINGS].is_https
    if tag:
        response.set_cookie(
            COOKIE, tag, max_age=COOKIE_SECONDS, path="/", secure=is_https, httponly=True, samesite="Lax"
        )
    else:
        response.del_cookie(COOKIE, path="/", secure=is_https, httponly=True, samesite="Lax")
