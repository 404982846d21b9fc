"""JSON bodies into typed structs, JSON answers out."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from chatapp.core.errors import BadJson, BadRequest, Invalid
from chatapp.core.events import encode
from chatapp.core.fields import field_error, without_nulls
from chatapp.core.text import has_surrogate
from chatapp.web.identity import ask_again
from chatapp.web.language import _

BODY_SECONDS: Final = 15
JSON: Final = "application/json"

T = TypeVar("T")


async def decode(request: web.Request, kind: type[T]) -> T:
    """The body as ``kind``; keys that it does not know are ignored, or refused where it says so (``PATCH``). What is
    ``null`` counts as left out.

    Raises ``BadJson``, ``BadRequest`` naming the field, ``Invalid`` for text that is none, or aiohttp's 413, 415.
    """
    if request.content_type != JSON:
        raise unsupported(JSON)
    try:
        return msgspec.convert(without_nulls(_object(await read(request))), kind)
    except msgspec.ValidationError as error:
        raise BadRequest(errors=(field_error(error, kind),)) from None


async def read(request: web.Request) -> bytes:
    """The whole body. Raises aiohttp's 408 for one that drips, and ``Unauthenticated`` for who was signed out since."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    await ask_again(request)
    return body


def unsupported(wanted: str) -> web.HTTPUnsupportedMediaType:
    return web.HTTPUnsupportedMediaType(text=_("Send this as {type}.").format(type=wanted))


def reply(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=encode(value), status=status, content_type=JSON, headers=headers)


def nothing() -> web.Response:
    return web.Response(status=204)


def _object(body: bytes) -> dict[str, Any]:
    try:
        # The strict reader: two values for one key, NaN and endless nesting are refused, not guessed at.
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        raise BadJson from None
    if not isinstance(value, dict):
        raise BadJson
    if has_surrogate(text):
        raise Invalid(_("The body holds a lone surrogate, which is not text."))
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
