"""One family of errors, three voices: this file speaks two, the page and problem+json (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp_jinja2
import jinja2
import msgspec
import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from aiohttp.web_exceptions import HTTPException

from chatapp.core.errors import BadRequest, ChatError, Internal, NotFound, TooLarge, Unauthenticated
from chatapp.keys import CHAT, REQUEST_ID
from chatapp.web.identity import Unverified
from chatapp.web.language import N_, _, say_language
from chatapp.web.paths import FRONT_DOOR, MOST_NEXT_CHARACTERS, is_socket, own_path, wants_page
from chatapp.web.templating import error_context

# Headers of aiohttp's own refusals that mean something to the client.
KEPT_HEADERS: Final = ("Allow", "Upgrade", "Retry-After", "Sec-WebSocket-Version")
# What http.HTTPStatus calls the answers that people see, in the versions of Python we run on.
TITLES: Final = (
    *(N_("Bad Request"), N_("Unauthorized"), N_("Forbidden"), N_("Not Found"), N_("Method Not Allowed")),
    *(N_("Request Timeout"), N_("Conflict"), N_("Request Entity Too Large"), N_("Content Too Large")),
    *(N_("Unsupported Media Type"), N_("Unprocessable Entity"), N_("Unprocessable Content"), N_("Upgrade Required")),
    *(N_("Too Many Requests"), N_("Internal Server Error"), N_("Service Unavailable")),
    *(N_("Specified method is invalid for this resource"), N_("Request timed out; try again later")),
)
CODES: Final = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 413: "too_large", 503: "unavailable"}

HAS_BEGUN: Final = web.RequestKey("has_begun", bool)

_log: Final = structlog.get_logger("chatapp.web")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error as RFC 9457 draws it, with our code and the request's id."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: tuple[Any, ...] = ()
    retry_after: int | None = None


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong below becomes an answer."""
    try:
        return await handler(request)
    except Exception as error:
        if _has_begun(request):
            # A second head would land in the middle of the first answer: let the connection be cut instead.
            raise
        return await answer(request, error)


async def answer(request: web.Request, error: Exception) -> web.StreamResponse:
    if isinstance(error, HTTPException) and error.status < 400:
        return web.Response(status=error.status, headers=error.headers)
    status, refusal = _translated(error, request)
    if isinstance(refusal, Unauthenticated | Unverified) and (wants_page(request) or request.path == FRONT_DOOR):
        return web.Response(status=303, headers={"Location": await _way_on(request, refusal)})
    response = _page(request, status, refusal) if wants_page(request) else _problem(request, status, refusal)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(error, HTTPException):
        response.headers.update({name: error.headers[name] for name in KEPT_HEADERS if name in error.headers})
    if is_socket(request) or isinstance(error, web.RequestPayloadError) or hdrs.CONTENT_ENCODING in request.headers:
        # Where a broken or packed body ends, and what comes after it, cannot be known.
        response.force_close()
    return response


def _translated(error: Exception, request: web.Request) -> tuple[int, ChatError]:
    if isinstance(error, ChatError):
        return error.status, error
    if isinstance(error, HTTPException):
        return error.status, _of_http(error)
    # A connection that is gone in the middle of a body is nobody's bug either; the answer is for the log.
    if isinstance(error, web.RequestPayloadError | ConnectionError):
        return 400, BadRequest(_("The body of the request is broken."))
    # Said once, with its stack, and never to the client.
    _log.error("unexpected", method=request.method, request_id=request.get(REQUEST_ID, ""), exc_info=error)
    return 500, Internal()


def _of_http(error: HTTPException) -> ChatError:
    if error.status >= 500 and not isinstance(error, web.HTTPVersionNotSupported):
        return Internal(_said(error))
    if error.status == 404:
        return NotFound()
    if error.status == 413:
        return TooLarge(_("The body of the request is larger than this server takes."))
    return BadRequest(_said(error))


def _said(error: HTTPException) -> str:
    # The default text is "404: Not Found"; only one written by us says more than the status.
    is_default = not error.text or error.text.startswith(f"{error.status}: ")
    return HTTPStatus(error.status).description if is_default else str(error.text)


def _problem(request: web.Request, status: int, refusal: ChatError) -> web.Response:
    code = CODES.get(status, refusal.code) if type(refusal) is BadRequest else refusal.code
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=_(refusal.message),
        code=code,
        request_id=request.get(REQUEST_ID, ""),
        errors=refusal.errors,
        retry_after=refusal.retry_after,
    )
    response = web.Response(body=msgspec.json.encode(problem), status=status, content_type="application/problem+json")
    if status == 401:
        response.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"  # RFC 9110, 15.5.2
    say_language(request, response)
    return response


def _page(request: web.Request, status: int, refusal: ChatError) -> web.Response:
    context = {
        **error_context(request),
        "status": status,
        "title": _title(status),
        "sentence": _(refusal.message),
        "request_id": request.get(REQUEST_ID, ""),
        "retry_after": refusal.retry_after,
    }
    try:
        response = aiohttp_jinja2.render_template("errors/error.html", request, context, status=status)
    except (jinja2.TemplateError, web.HTTPException) as broken:
        _log.error("error_page_failed", exc_info=broken)
        response = web.Response(text=_title(status), status=status)
    say_language(request, response)
    return response


async def _way_on(request: web.Request, refusal: ChatError) -> str:
    if isinstance(refusal, Unverified):
        return "/verify"
    if await request.config_dict[CHAT].accounts.is_empty():
        return "/setup"
    is_form = request.method not in {"GET", "HEAD"}
    path = _page_before(request) if is_form else request.path_qs
    path = path if len(path) <= MOST_NEXT_CHARACTERS else "/"
    return f"/login?next={quote(path)}{'&ended=untaken' if is_form else ''}"


def _page_before(request: web.Request) -> str:
    """The page whose form it is. One that was refused stands at the address of its form, which is no page."""
    try:
        before = urlsplit(request.headers.get(hdrs.REFERER, ""))
    except ValueError:
        return "/"
    return "/" if before.path == request.path else own_path(before.path)


def _has_begun(request: web.BaseRequest) -> bool:
    return bool(request.get(HAS_BEGUN))


def _title(status: int) -> str:
    return _(HTTPStatus(status).phrase)
