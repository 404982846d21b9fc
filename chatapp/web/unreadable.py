"""What aiohttp refuses before there is a request: answered in our voice and with our headers, not with its own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from chatapp.core.errors import BadRequest, Internal
from chatapp.web.language import _
from chatapp.web.voices import Problem

# aiohttp would name itself and Python, with their versions.
NAME: Final = "chatapp"


def handlers(server: web.Server, headers: Mapping[str, str], **options: Any) -> Callable[[], asyncio.Protocol]:
    """A protocol for each connection of ``server``, with the ``options`` its runner was given."""
    loop = asyncio.get_running_loop()
    return lambda: _Handler(server, headers, loop=loop, **options)


class _Handler(web.RequestHandler):
    __slots__ = ("_headers",)

    def __init__(self, server: web.Server, headers: Mapping[str, str], **options: Any) -> None:
        super().__init__(server, **options)
        self._headers = headers

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Raises ``ConnectionError`` where an answer has begun, and writes to the log, as aiohttp's own does."""
        super().handle_error(request, status, exc, message)
        return _answer(status, self._headers)


def _answer(status: int, headers: Mapping[str, str]) -> web.Response:
    refusal = BadRequest(_("The request cannot be read.")) if status < 500 else Internal()
    request_id = secrets.token_hex(8)
    problem = Problem(
        type="about:blank",
        title=_(HTTPStatus(status).phrase),
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
