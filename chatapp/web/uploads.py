"""Files on their way in, piece by piece: from a form, or as a request of their own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from chatapp.core.errors import BadRequest, ChatError, FieldError, Invalid, TooLarge, invalid
from chatapp.core.files import MOST_FILES, file_name
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
T = TypeVar("T")
_number: Final = re.compile("[0-9]{1,18}")


async def taken(request: web.Request, slug: str) -> list[int]:
    """Ids of the form's files, uploaded into the room; none where no file was chosen. Text that comes between them and
    after them is among the form's fields then, as what comes before.

    Raises what uploading raises, and ``BadRequest`` for what is no form.
    """
    if forms.FILES not in request:
        return []
    alt = (await forms.texts(request, ["alt"])).get("alt", "")
    try:
        found: list[int] = []
        async for name, pieces in _of_form(request):
            if len(found) == MOST_FILES:
                raise invalid("files", _("A message takes {n} files at most.").format(n=MOST_FILES))
            with _naming(name):
                all_ = _watched(request, pieces)
                file = await request.config_dict[CHAT].files.upload(actor(request), slug, name, all_, alt=alt)
            found.append(file.shown.id)
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


def earlier(ids: str) -> list[int]:
    """Files that a form before has brought, as it says itself: numbers with spaces between them."""
    found = ids.split()
    if len(found) > MOST_FILES or not all(_number.fullmatch(each) for each in found):
        raise invalid("files", _("There is no such file to send."))
    return [int(each) for each in found]


async def single(request: web.Request, name: str) -> tuple[str, Pieces, int]:
    """The one file of a request, its name and its announced size: the body itself, or the field of a form."""
    if request.content_type != MULTIPART:
        if not name:
            sentence = _("Say in the address what the file is called: name=…")
            raise BadRequest(sentence, errors=(FieldError("name", sentence),))
        return name, _watched(request, _of_body(request)), request.content_length or 0
    try:
        parts = await request.multipart()
        part = await _soon(parts.next())
    except (ValueError, HttpProcessingError) as error:
        raise _unreadable() from error
    if not isinstance(part, BodyPartReader) or not part.filename:
        raise _more_than_a_file()
    return name or part.filename, _watched(request, _alone(parts, part)), 0


async def _of_form(request: web.Request) -> AsyncIterator[tuple[str, Pieces]]:
    """The files, one after the other; the text between them becomes fields."""
    parts, first = request[forms.FILES]
    part: BodyPartReader | MultipartReader | None = first
    try:
        while part is not None:
            if not isinstance(part, BodyPartReader) or part.filename is None:
                await _soon(forms.take(request, request[forms.FIELDS], part))
            elif part.filename:
                yield part.filename, _of_part(part)
            elif await _soon(part.read_chunk()):
                # A field in which nothing was chosen has no name, and nothing in it either.
                raise Invalid(_("A file has no name."))
            part = await _soon(parts.next())
    except (ValueError, HttpProcessingError) as error:
        raise _unreadable() from error
    await ask_again(request)


async def _watched(request: web.Request, pieces: Pieces) -> Pieces:
    """Raises ``Unauthenticated`` at the end for who was signed out while they came, which may take hours."""
    async for piece in pieces:
        yield piece
    await ask_again(request)


async def _alone(parts: MultipartReader, part: BodyPartReader) -> Pieces:
    """The file, which must be all there is: a description in a field of its own would be lost."""
    async for piece in _of_part(part):
        yield piece
    try:
        further = await _soon(parts.next())
    except (ValueError, HttpProcessingError) as error:
        raise _unreadable() from error
    if further is not None:
        raise _more_than_a_file()


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


async def _soon(reading: Coroutine[None, None, T]) -> T:
    try:
        async with asyncio.timeout(SILENT_SECONDS):
            return await reading
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def _read_on(request: web.Request) -> None:
    left = MOST_UNREAD
    while left > 0 and (piece := await _soon(request.content.readany())):
        left -= len(piece)


def _more_than_a_file() -> BadRequest:
    return BadRequest(_("Send the file as the only field of the form, and in the address what it shows: alt=…"))


def _unreadable() -> BadRequest:
    return BadRequest(_("This is not a form that can be read."))
