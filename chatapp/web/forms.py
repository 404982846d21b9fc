"""Reading a form into typed values, and keeping what was typed when it has to be shown again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar, get_args
from urllib.parse import parse_qsl

import msgspec
from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDict, MultiMapping, MutableMultiMapping

from chatapp.core.errors import BadRequest, ChatError, FieldError, Invalid
from chatapp.web.identity import ask_again
from chatapp.web.language import _
from chatapp.web.paths import takes_files

BODY_SECONDS: Final = 15
MOST_FIELDS: Final = 200
# What a form can say about itself; other refusals are a page of their own.
SAID_BY_FORM: Final = frozenset({400, 401, 409, 413, 422, 429})

FIELDS: Final = web.RequestKey("fields", MutableMultiMapping)
# Bytes of its fields so far.
TAKEN: Final = web.RequestKey("taken", int)
# Where the files of a form begin that may hold some: its parts from there on, unread.
FILES: Final = web.RequestKey("files", tuple[MultipartReader, BodyPartReader])

T = TypeVar("T", bound=msgspec.Struct)


class Values(dict[str, Any]):
    """What a template prints: a field that was not filled in is empty."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True)
class Form(Generic[T]):
    """What a template draws. ``error`` is about the whole, ``errors`` about single fields."""

    values: Mapping[str, Any] = field(default_factory=Values)
    errors: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    status: int = 200
    retry_after: int | None = None
    _data: T | None = None

    @property
    def data(self) -> T:
        """The typed values. Raises ``Invalid`` when the form as sent has none."""
        if self._data is None:
            raise Invalid(errors=tuple(FieldError(name, text) for name, text in self.errors.items()))
        return self._data

    def refused(self, error: ChatError, *, on: str = "") -> Form[T]:
        """The same form with what was wrong, said ``on`` a field if given; raises what is not a form's to say."""
        if error.status not in SAID_BY_FORM and not on:
            raise error
        errors = {on: _(error.message)} if on else {each.field: _(each.detail) for each in error.errors}
        is_said = errors and all(name in self._shown for name in errors)
        return replace(
            self,
            errors=errors,
            error="" if is_said else _(error.message),
            status=error.status,
            retry_after=error.retry_after,
        )

    def also(self, more: Mapping[str, str]) -> Form[T]:
        """The same form with values besides those of its type."""
        return replace(self, values=Values({**self.values, **more}))

    @property
    def _shown(self) -> set[str]:
        return set(self.values) | {"password", "current", "new"}


def blank(**values: object) -> Form[Any]:
    """A form nobody has sent yet."""
    return Form(Values(values))


async def read(request: web.Request, kind: type[T]) -> Form[T]:
    """The form as ``kind``; a missing, repeated or wrong field becomes a sentence on it. Other fields are ignored."""
    sent = await fields(request)
    values = Values()
    errors: dict[str, str] = {}
    typed: dict[str, Any] = {}
    for spec in msgspec.structs.fields(kind):
        try:
            raw = _single(sent, spec)
            if not _is_secret(spec.name):
                values[spec.name] = raw
            typed[spec.name] = _typed(raw, spec)
        except Invalid as refusal:
            errors[spec.name] = refusal.message
    data = None if errors else kind(**typed)
    return Form(values, errors, status=422 if errors else 200, _data=data)


async def fields(request: web.Request) -> MultiMapping[Any]:
    """All fields as sent, read once. Raises ``BadRequest`` for a body that is not a form in UTF-8, and
    ``Unauthenticated`` for who was signed out while it came."""
    sent = request.get(FIELDS)
    if sent is None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                sent = request[FIELDS] = await _parse(request)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        await ask_again(request)
    return sent


async def texts(request: web.Request, names: Iterable[str]) -> dict[str, str]:
    """Those of the fields that were sent as text, for forms whose fields depend on what they are about."""
    sent = await fields(request)
    found = {name: sent[name] for name in names if name in sent}
    return {name: value for name, value in found.items() if isinstance(value, str)}


async def _parse(request: web.Request) -> MutableMultiMapping[Any]:
    try:
        if request.content_type == "multipart/form-data":
            return await _parts(request)
        if request.content_type == "application/x-www-form-urlencoded":
            # aiohttp would replace broken UTF-8 silently.
            text = (await request.read()).decode()
            return MultiDict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except (ValueError, HttpProcessingError) as error:
        raise BadRequest(_("This is not a form that can be read.")) from error
    if request.can_read_body:
        raise web.HTTPUnsupportedMediaType(text=_("Send this as a form."))
    return MultiDict()


async def _parts(request: web.Request) -> MutableMultiMapping[Any]:
    """Text by name, up to the first file where the form takes some; else a part with a file name stands for itself.

    Not aiohttp's ``post``: it decodes by whatever charset and encoding a part names, and keeps files for nobody.
    """
    found: MultiDict[Any] = MultiDict()
    parts = await request.multipart()
    async for part in parts:
        if isinstance(part, BodyPartReader) and part.filename is not None and takes_files(request):
            request[FILES] = parts, part
            break
        await take(request, found, part)
    return found


async def take(request: web.Request, found: MutableMultiMapping[Any], part: object) -> None:
    """Read one more part of a form into ``found``. Raises ``ValueError`` for what is no field, and aiohttp's 413."""
    if not isinstance(part, BodyPartReader) or part.name is None or len(found) >= MOST_FIELDS:
        raise ValueError
    taken = request.get(TAKEN, 0)
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if taken + len(content) > request.client_max_size:
            raise web.HTTPRequestEntityTooLarge(request.client_max_size, taken + len(content))
    request[TAKEN] = taken + len(content)
    found.add(part.name, content.decode() if part.filename is None else part)


def _single(sent: MultiMapping[Any], spec: msgspec.structs.FieldInfo) -> str:
    values = sent.getall(spec.name, [])
    if len(values) > 1:
        raise Invalid(_("This was sent twice."))
    if not values:
        if spec.required:
            raise Invalid(_("Please fill this in."))
        return ""
    if not isinstance(values[0], str):
        raise Invalid(_("This is a file where text belongs."))
    return values[0]


def _typed(raw: str, spec: msgspec.structs.FieldInfo) -> Any:
    if spec.type is bool:
        return raw not in ("", "0", "off")
    if not raw and not spec.required:
        return spec.default
    if int in (spec.type, *get_args(spec.type)) and not (raw.isascii() and raw.isdigit()):
        # msgspec would take 1e3 for a thousand.
        raise Invalid(_("This must be a whole number."))
    try:
        return msgspec.convert(raw, spec.type, strict=False)
    except msgspec.ValidationError:
        raise Invalid(_("This is not one of the choices.")) from None


def _is_secret(name: str) -> bool:
    return name in {"password", "current", "new"}
