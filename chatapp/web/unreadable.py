"""What aiohttp refuses before there is a request: answered in our voice and with our headers, not with its own."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec
from aiohttp import hdrs, web
from aiohttp.http_exceptions import InvalidURLError, LineTooLong

from chatapp.core.errors import BadRequest, ChatError, Internal, TooLarge
from chatapp.core.search import LONGEST_QUERY
from chatapp.web.language import _
from chatapp.web.voices import Problem

# Bytes, twice what aiohttp would take: whoever looks for far too much is to be told so on the page of the search.
LONGEST_ADDRESS: Final = 16_384
# aiohttp would name itself and Python, with their versions.
NAME: Final = "chatapp"

_search: Final = re.compile(rb"(/api/v1)?/search\?")


def handlers(
    server: web.Server, headers: Mapping[str, str], *, patience: int = 0, **options: Any
) -> Callable[[], asyncio.Protocol]:
    """A protocol for each connection of ``server``, with the ``options`` its runner was given. Who takes nothing of an
    answer for ``patience`` seconds is hung up on; 0: never."""
    loop = asyncio.get_running_loop()
    return lambda: _Handler(server, headers, patience, loop=loop, **options)


class _Handler(web.RequestHandler):
    __slots__ = ("_headers", "_patience", "spoke_early")

    def __init__(self, server: web.Server, headers: Mapping[str, str], patience: int, **options: Any) -> None:
        super().__init__(server, **options)
        self._headers = headers
        self._patience = patience
        self.spoke_early = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        _bound_patience(transport, self._patience)

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """Begin with frames. What has come before the upgrade was answered is handed over now, and not taken."""
        tap = _Tap()
        # A socket that reads slowly is looked after by the gateway.
        _bound_patience(self.transport, 0)
        super().set_parser(cast("Any", tap), data_received_cb)
        self.spoke_early = tap.is_wet
        tap.feed_data, tap.feed_eof = parser.feed_data, parser.feed_eof
        if getattr(self, "_upgraded", False):
            # It has read its last request, whose headers it would keep as long as the socket is open.
            self._parser = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of the socket whose frames were read, and which holds this: a circle would wait for the collector."""
        super().connection_lost(exc)
        if hasattr(self, "_data_received_cb"):
            self._data_received_cb = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Raises ``ConnectionError`` where an answer has begun, and writes to the log, as aiohttp's own does."""
        if isinstance(exc, UnicodeEncodeError) and hdrs.EXPECT in request.headers:
            # It says back what was expected, before anything of ours runs, and fails where that is not text.
            status, exc = HTTPStatus.EXPECTATION_FAILED, None
        super().handle_error(request, status, exc, message)
        if refusal := _too_long(exc):
            return _answer(HTTPStatus.REQUEST_URI_TOO_LONG, refusal, self._headers)
        return _answer(status, _unreadable(exc) if status < 500 else Internal(), self._headers)


def _bound_patience(transport: asyncio.BaseTransport | None, seconds: int) -> None:
    """Have the system cut the connection when the other end takes nothing of what is sent for so long, where it can
    (Linux): a file goes out without us, and nobody else would notice."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    connection = transport.get_extra_info("socket") if transport is not None else None
    if option is not None and connection is not None:
        # Whoever has hung up meanwhile needs no patience.
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, option, seconds * 1000)


class _Tap:
    """Stands where a parser does, and notes whether anything came."""

    def __init__(self) -> None:
        self.is_wet = False
        self.feed_data: Callable[[bytes], tuple[bool, bytes]] = self._notes
        self.feed_eof: Callable[[], None] = lambda: None

    def _notes(self, data: bytes) -> tuple[bool, bytes]:
        self.is_wet = True
        return False, data


def _unreadable(error: BaseException | None) -> BadRequest:
    if isinstance(error, InvalidURLError):
        return BadRequest(_("The address cannot be read: what is not ASCII in it has to be percent-encoded."))
    return BadRequest(_("The request cannot be read."))


def _too_long(error: BaseException | None) -> TooLarge | None:
    """What is said of an address that was not read to its end; None where that was not it."""
    if not isinstance(error, LineTooLong) or error.args[1] != LONGEST_ADDRESS:
        return None
    if _search.match(error.args[0]):
        return TooLarge(_("A search may have {n} characters; this one has more.").format(n=LONGEST_QUERY))
    return TooLarge(_("An address may have {n} bytes; this one has more.").format(n=LONGEST_ADDRESS))


def _answer(status: int, refusal: ChatError, headers: Mapping[str, str]) -> web.Response:
    request_id = secrets.token_hex(8)
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=_(refusal.message),
        code=refusal.code,
        request_id=request_id,
    )
    known = {**headers, hdrs.SERVER: NAME, "X-Request-Id": request_id}
    body = msgspec.json.encode(problem)
    response = web.Response(body=body, status=status, content_type="application/problem+json", headers=known)
    response.force_close()
    return response
