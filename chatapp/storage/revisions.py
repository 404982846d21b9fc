"""What messages said before they were edited: kept with the edit, deleted with the message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from chatapp.core.models import Message, Revision, message_id
from chatapp.storage.checksum import of_row
from chatapp.storage.database import Database, Writer
from chatapp.storage.statement import deleting, inserting
from chatapp.storage.tables import revisions

KEEP: Final = inserting(revisions)
FORGET: Final = deleting(revisions, by=["message_id"])


class Kept:
    """The part of a batch that is about earlier wordings."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []
        self._forgotten: list[tuple[int]] = []

    def note(self, message: Message, after: Message) -> None:
        """What it says, where it says something else afterwards; nothing of it, where it is deleted."""
        if after.is_deleted:
            self._forgotten.append((message.id,))
        elif after.content != message.content:
            self._keep(message)

    def _keep(self, message: Message) -> None:
        written_at = message.created_at if message.edited_at is None else message.edited_at
        row = (message.id, message.version, message.content, written_at)
        self._rows.append((*row, of_row(row)))

    async def write(self, writer: Writer) -> None:
        await writer.many(KEEP, self._rows)
        await writer.many(FORGET, self._forgotten)


async def newest(database: Database, room_id: int, index: int, limit: int) -> Sequence[Revision]:
    """The last of them, newest first."""
    asked = sa.select(*revisions.c).where(revisions.c.message_id == message_id(room_id, index))
    rows = await database.all(asked.order_by(revisions.c.version.desc()).limit(limit))
    return [_revision(*row) for row in rows]


def _revision(ident: int, version: int, content: str, written_at: int, checksum: int) -> Revision:
    if checksum == of_row((ident, version, content, written_at)):
        return Revision(content, written_at)
    return Revision("", written_at, is_damaged=True)
