"""Bringing files into a room, and getting them out: each time it is asked whether this person is in the room."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from chatapp.core.errors import Forbidden, Invalid, NotFound, RateLimited, TooLarge
from chatapp.core.files import UNKNOWN_TYPE, alternative, file_name, may_be_picture
from chatapp.core.files import size as in_units
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Attachment, File, Person
from chatapp.domain.access import Access
from chatapp.settings import Settings
from chatapp.storage import files
from chatapp.storage.blobs import Blobs, Draft
from chatapp.storage.database import Database, Reader
from chatapp.storage.pictures import Pictures

# Of one person at once.
UPLOADS: Final = 6
MOST_ID: Final = 2**53

Copy = Literal["", "thumbnail", "picture"]


class Files:
    """All methods raise ``NotFound`` for a room the actor is not in."""

    def __init__(self, *, database: Database, access: Access, blobs: Blobs, limits: Limits, settings: Settings) -> None:
        self._database = database
        self._access = access
        self._blobs = blobs
        self._limits = limits
        self._pictures = Pictures()
        self._most = settings.max_file
        self._most_together = settings.files_per_person
        self._at_once = settings.limits
        self._running: Counter[int] = Counter()

    async def upload(
        self, actor: Person, slug: str, name: str, chunks: AsyncIterable[bytes], *, alt: str = "", size: int = 0
    ) -> File:
        """The file as stored, for nobody but the actor until it is sent. The same again is the same file.

        ``size`` is what is announced, if anything is: one that is too large is refused before it is read. Raises
        ``Invalid``, ``TooLarge``, ``RateLimited``, ``Forbidden`` where none are taken, ``Unavailable`` without room.
        """
        name, alt = file_name(name), alternative(alt)
        self._limits.act("upload", actor.id)
        room = await self._access.room_for(actor, slug)
        await self._refuse_too_much(actor, size)
        with self._one_more(actor):
            async with self._blobs.received(chunks, self._most) as draft:
                if not draft.size:
                    raise Invalid(_("This file is empty."))
                # Asked again: while it came in, the actor may have been removed.
                await self._access.room_for(actor, slug)
                await self._refuse_too_much(actor, draft.size)
                shown, copies = await self._shown(actor, draft, name, alt)
                return await self._kept(actor, draft, File(room.id, draft.digest, actor.id, None, shown, copies))

    async def open(self, actor: Person, slug: str, file_id: int, copy: Copy = "") -> tuple[Attachment, Path]:
        """The file and where it lies, or a copy of a picture. What is not sent yet is the uploader's alone."""
        room = await self._access.room_for(actor, slug)
        file = await files.by_id(self._database, file_id) if file_id < MOST_ID else None
        if file is None or file.room_id != room.id or (copy and not file.shown.is_picture):
            raise NotFound
        if file.index is None and file.uploaded_by != actor.id:
            raise NotFound
        return file.shown, self._blobs.path(file.digest, copy)

    async def _shown(self, actor: Person, draft: Draft, name: str, alt: str) -> tuple[Attachment, int]:
        """And what the copies of a picture take."""
        found = await self._pictures.redrawn(draft.path, actor.id) if may_be_picture(draft.head) else None
        if found is None:
            return Attachment(0, name, draft.size, UNKNOWN_TYPE), 0
        shown = Attachment(0, name, draft.size, found.media_type, found.width, found.height, alt)
        return shown, found.copies

    async def _kept(self, actor: Person, draft: Draft, file: File) -> File:
        async with self._database.transaction() as tx:
            known = await files.unsent(tx, file)
            if known is None:
                # Asked again where only one can ask at a time: several may have come in together.
                await self._refuse_full(tx, actor, draft.size + file.copies)
            # Before the row that names it; nobody throws away as forgotten what lies there without one meanwhile.
            await asyncio.to_thread(self._blobs.keep, draft)
            return known or await files.insert(tx, file)

    async def _refuse_too_much(self, actor: Person, size: int) -> None:
        if not self._most:
            raise Forbidden(_("This server takes no files."))
        if size > self._most:
            raise TooLarge(_("A file may have {limit}; this one has more.").format(limit=in_units(self._most)))
        await self._refuse_full(self._database, actor, size)

    async def _refuse_full(self, db: Reader, actor: Person, size: int) -> None:
        if self._most_together and await files.size_of(db, actor.id) + size > self._most_together:
            raise TooLarge(
                _("All your files together may have {limit}. Delete some first.").format(
                    limit=in_units(self._most_together)
                )
            )

    @contextmanager
    def _one_more(self, actor: Person) -> Iterator[None]:
        if self._at_once and self._running[actor.id] >= UPLOADS:
            raise RateLimited(_("You are uploading too many files at once."), retry_after=5)
        self._running[actor.id] += 1
        try:
            yield
        finally:
            self._running[actor.id] -= 1
            if not self._running[actor.id]:
                del self._running[actor.id]
