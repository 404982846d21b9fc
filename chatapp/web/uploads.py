"""Files on their way in, piece by piece: from a form, or as a request of their own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from chatapp.core.errors import BadRequest, ChatError, FieldError, Invalid, TooLarge, invalid
from chatapp.core.files import MOST_FILES, file_name
from chatapp.core.models import Attach
from chatapp.keys import CHAT
from chatapp.web import forms
from chatapp.web.identity import actor, ask_again
from chatapp.web.language import _

MULTIPART: Final = "multipart/form-data"
# Without a byte for so long, it is over.
SILENT_SECONDS: Final = 30
CHUNK: Final = 65_536
# Read of a refused form to its end, so that the browser hears why and does not only see the connection cut.
MOST_UNREAD: Final = 67_108_864

Pieces = AsyncIterator[bytes]
_number: Final = re.compile("[0-9]{1,18}")


async def taken(request: web.Request, slug: str, alt: str = "") -> list[Attach]:
    """The files of the form, uploaded into the room; none where no file was chosen. ``alt``: what pictures show.

    Raises what uploading raises, and ``BadRequest`` for fields after the files.
    """
    if forms.FILES not in request:
        return []
    try:
        found: list[Attach] = []
        async for name, pieces in _of_form(*request[forms.FILES]):
            if len(found) == MOST_FILES:
                raise invalid("files", _("A message takes {n} files at most.").format(n=MOST_FILES))
            with _naming(name):
                all_ = _watched(request, pieces)
                file = await request.config_dict[CHAT].files.upload(actor(request), slug, name, all_, alt=alt)
            found.append(Attach(file.shown.id, alt))
        return found
    except ChatError:
        await _read_on(request)
        raise


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Which of several files it is that is refused. Of its name and description the field says so."""
    try:
        yield
    except (Invalid, TooLarge) as error:
        if not error.errors:
            error.message = _("{name}: {text}").format(name=file_name(name), text=_(error.message))
        raise


def earlier(ids: str, alt: str) -> list[Attach]:
    """Files that a form before has brought, as it says itself: numbers with spaces between them."""
    found = ids.split()
    if len(found) > MOST_FILES or not all(_number.fullmatch(each) for each in found):
        raise invalid("files", _("There is no such file to send."))
    return [Attach(int(each), alt) for each in found]


async def single(request: web.Request, name: str) -> tuple[str, Pieces, int]:
    """The one file of a request, its name and its announced size: the body itself, or the field of a form."""
    if request.content_type != MULTIPART:
        if not name:
            sentence = _("Say in the address what the file is called: name=…")
            raise BadRequest(sentence, errors=(FieldError("name", sentence),))
        return name, _watched(request, _of_body(request)), request.content_length or 0
    try:
        parts = await request.multipart()
        part = await parts.next()
    except (ValueError, HttpProcessingError) as error:
        raise _unreadable() from error
    if not isinstance(part, BodyPartReader) or not part.filename:
        raise BadRequest(_("Send the file as the first field of the form."))
    return name or part.filename, _watched(request, _of_part(part)), 0


async def _of_form(parts: MultipartReader, first: BodyPartReader) -> AsyncIterator[tuple[str, Pieces]]:
    part: BodyPartReader | MultipartReader | None = first
    try:
        while part is not None:
            if not isinstance(part, BodyPartReader) or part.filename is None:
                raise BadRequest(_("In a form, files come last."))
            if part.filename:
                yield part.filename, _of_part(part)
            elif await part.read_chunk():
                # A field in which nothing was chosen has no name, and nothing in it either.
                raise Invalid(_("A file has no name."))
            part = await parts.next()
    except (ValueError, HttpProcessingError) as error:
        raise _unreadable() from error


async def _watched(request: web.Request, pieces: Pieces) -> Pieces:
    """Raises ``Unauthenticated`` at the end for who was signed out while they came, which may take hours."""
    async for piece in pieces:
        yield piece
    await ask_again(request)


async def _of_part(part: BodyPartReader) -> Pieces:
    try:
        while piece := await _soon(part.read_chunk(CHUNK)):
            yield piece
    except (ValueError, AssertionError, HttpProcessingError) as error:
        raise _unreadable() from error
    if not part.at_eof():
        raise _unreadable()


async def _of_body(request: web.Request) -> Pieces:
    while piece := await _soon(request.content.readany()):
        yield piece


async def _soon(reading: Coroutine[None, None, bytes]) -> bytes:
    try:
        async with asyncio.timeout(SILENT_SECONDS):
            return await reading
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def _read_on(request: web.Request) -> None:
    left = MOST_UNREAD
    while left > 0 and (piece := await _soon(request.content.readany())):
        left -= len(piece)


def _unreadable() -> BadRequest:
    return BadRequest(_("This is not a form that can be read."))
