"""Around every request: its id, its line in the log, and the headers that keep browsers from doing harm."""

from __future__ import annotations

import re
import secrets
import time
from typing import Final

import structlog
from aiohttp import HttpVersion10, HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler

from chatapp.core import circumstances
from chatapp.core.circumstances import Circumstances
from chatapp.core.errors import BadRequest
from chatapp.keys import ADDRESS, REQUEST_ID, SETTINGS, WHO
from chatapp.web.assets import ASSETS, FOREVER
from chatapp.web.language import _, listen
from chatapp.web.origins import is_arrival
from chatapp.web.paths import carries_secret, for_log, is_open, is_readable
from chatapp.web.proxies import PROXIES
from chatapp.web.visitors import visitor
from chatapp.web.voices import HAS_BEGUN

REQUEST_ID_HEADER: Final = "X-Request-Id"
SPOKEN: Final = (HttpVersion10, HttpVersion11)
# The chat has a host name of its own, so nothing that speaks http lives below it.
HSTS: Final = "max-age=31536000; includeSubDomains"
# Nothing but what is listed, and only from this server: a new kind of content has to be entered here first.
STYLES_ALLOWED: Final = "style-src 'self'"
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        STYLES_ALLOWED,
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",
        # The one sink of markup, bodies of messages, which the server has cleaned; and the one script that is started.
        "trusted-types chatapp-html chatapp-worker",
    )
)
UNUSED_POWERS: Final = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope"),
    *("magnetometer", "microphone", "midi", "payment", "publickey-credentials-get", "usb", "xr-spatial-tracking"),
)
SAFETY: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{power}=()" for power in UNUSED_POWERS),
    # What one person was answered must never come out of a cache for the next one.
    hdrs.CACHE_CONTROL: "no-store",
}

# Of a page, a frame or a worker.
OF_DOCUMENTS: Final = frozenset({"Permissions-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy"})

_sane_id: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_log: Final = structlog.get_logger("chatapp.access")


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: names the request, and says in the log how it went."""
    request[REQUEST_ID] = _request_id(request)
    request[ADDRESS] = request.config_dict[PROXIES].address(request)
    began = time.monotonic()
    status = 499  # The client went away: nobody was answered.
    try:
        # A request has a task of its own, in which the socket it opens lives on.
        circumstances.begin(Circumstances(**visitor(request)))
        listen(request)
        response = await handler(request)
        status = response.status
        return response
    finally:
        _write_line(request, status, began)


@web.middleware
async def refuse_unreadable(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.version not in SPOKEN:
        # aiohttp would answer HTTP/2.0 and HTTP/3.7 as if they were HTTP/1.1.
        raise web.HTTPVersionNotSupported(text=_("This server speaks HTTP/1.1."))
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        # aiohttp would unpack it, and take what was cut off in the middle for the whole.
        raise web.HTTPUnsupportedMediaType(text=_("Send the body as it is, without a Content-Encoding."))
    if request.headers.get(hdrs.TRANSFER_ENCODING, "chunked").strip().lower() != "chunked":
        # Of "gzip, chunked" aiohttp undoes the last alone, and would take what is packed for the body.
        raise BadRequest(_("The body comes in a transfer coding that is not known here."))
    if not is_readable(request.raw_path):
        raise BadRequest(_("The address is not readable."))
    return await handler(request)


def safety(*, is_https: bool) -> dict[str, str]:
    """The headers that keep a browser safe; over https it is to stay there."""
    return {**SAFETY, hdrs.STRICT_TRANSPORT_SECURITY: HSTS} if is_https else SAFETY


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, also errors, static files and upgrades; a handler's own value stands."""
    request[HAS_BEGUN] = True
    if carries_secret(request.path):
        response.headers["Referrer-Policy"] = "no-referrer"
    if is_arrival(request):
        allowed = f"{STYLES_ALLOWED} {request.config_dict[ASSETS].sheet_source}"
        response.headers["Content-Security-Policy"] = POLICY.replace(STYLES_ALLOWED, allowed)
    is_part = response.headers.get(hdrs.CACHE_CONTROL) == FOREVER
    for name, value in safety(is_https=request.config_dict[SETTINGS].is_https).items():
        # Said on each part of a page, where they mean nothing, they would be a twentieth of a first view.
        if name not in OF_DOCUMENTS or not is_part:
            response.headers.setdefault(name, value)
    if REQUEST_ID in request:
        response.headers[REQUEST_ID_HEADER] = request[REQUEST_ID]
    # Which versions run here is nobody's business.
    response.headers.pop(hdrs.SERVER, None)


def _request_id(request: web.Request) -> str:
    given = request.headers.get(REQUEST_ID_HEADER, "")
    return given if _sane_id.fullmatch(given) else secrets.token_hex(8)


def _write_line(request: web.Request, status: int, began: float) -> None:
    # Never the query string, a header or the secret part of a link: the log is read by more people than the chat.
    write = _log.debug if is_open(request) else _log.info
    write(
        "request",
        method=request.method,
        path=for_log(request.path),
        status=status,
        ms=round((time.monotonic() - began) * 1000),
        person=request.get(WHO, ""),
        address=request[ADDRESS],
        request_id=request[REQUEST_ID],
    )
