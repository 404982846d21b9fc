"""The rows of uploaded files, and how a message's row holds those that belong to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from chatapp.core.errors import Conflict, NotFound
from chatapp.core.language import N_
from chatapp.core.models import Attach, Attachment, File, Message
from chatapp.storage.database import Reader, Transaction, Writer
from chatapp.storage.statement import Listed, updating
from chatapp.storage.tables import files

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(tuple[Attachment, ...])

# In the order of :class:`chatapp.core.models.File` as far as it is asked for, and then of its attachment.
_FILE: Final = (
    *(files.c.room_id, files.c.digest, files.c.uploaded_by, files.c.index),
    *(files.c.id, files.c.name, files.c.size, files.c.media_type, files.c.width, files.c.height, files.c.alt),
)
_is_free: Final = sa.and_(files.c.uploaded_by.is_(None), files.c.index.is_(None))

# For the journal.
_COLUMNS: Final = ", ".join(f'"{column.name}"' for column in _FILE)
FOUND: Final = Listed(f"SELECT {_COLUMNS} FROM files WHERE id IN ({{}})", "bigint")  # noqa: S608 - names of our own
OF_MESSAGES: Final = Listed(
    'SELECT id, room_id, "index" FROM files WHERE (room_id, "index") IN ({})', "bigint", "bigint"
)
ATTACH: Final = updating(files, "alt", "index", by=["id"])
RELEASE: Final = updating(files, "uploaded_by", "index", by=["id"])


class Attached:
    """The part of a batch that is about files."""

    def __init__(self) -> None:
        self._found: dict[int, File] = {}
        self._of_messages: dict[tuple[int, int], list[int]] = {}
        # By id: what it shows, and the index of its message.
        self._said: dict[int, tuple[str, int]] = {}
        self._sent: set[int] = set()
        self._released: list[int] = []

    async def read(self, writer: Writer, sending: Sequence[int], going: Sequence[tuple[int, int]]) -> None:
        """Those to be sent, by id, and those of messages to be deleted, by room and index."""
        wanted = list({(each,) for each in sending})
        self._found = {file.shown.id: file for file in map(to_file, await writer.listed(FOUND, wanted))}
        # Asked of the files, since what a damaged message had cannot be read from it.
        for file_id, room_id, index in await writer.listed(OF_MESSAGES, going):
            self._of_messages.setdefault((room_id, index), []).append(file_id)

    def are_those_of(self, message: Message, wanted: Sequence[Attach]) -> bool:
        """By name and size: a form that is sent again uploads again."""
        shown = [self._found[each.id].shown for each in wanted if each.id in self._found]
        return len(shown) == len(wanted) and [(each.name, each.size) for each in shown] == [
            (each.name, each.size) for each in message.attachments
        ]

    def attach(self, wanted: Sequence[Attach], room_id: int, by: int, index: int) -> tuple[Attachment, ...]:
        """What is shown of the files that their sender has uploaded into this room and not sent before."""
        if not wanted:
            return ()
        attached = []
        for each in wanted:
            file = self._found.get(each.id)
            if file is None or (file.room_id, file.uploaded_by) != (room_id, by):
                raise NotFound(N_("There is no such file to send."))
            if file.index is not None or each.id in self._sent:
                raise Conflict(N_("This file was sent before. Upload it again."))
            attached.append(_showing(file.shown, each.alt or file.shown.alt))
        self._sent |= {each.id for each in attached}
        self._say(attached, index)
        return tuple(attached)

    def describe(self, message: Message, wanted: Sequence[Attach]) -> tuple[Attachment, ...]:
        """What is shown of its files, with these descriptions in place of theirs."""
        said = {each.id: each.alt for each in wanted}
        if said.keys() - {each.id for each in message.attachments}:
            raise NotFound(N_("This message has no such file."))
        now = tuple(_showing(each, said.get(each.id, each.alt)) for each in message.attachments)
        self._say([each for each in now if each.id in said], message.index)
        return now

    def release(self, message: Message) -> None:
        """From now on nobody gets its files; housekeeping takes them off the disk."""
        own = {each.id for each in message.attachments}
        self._released += own | set(self._of_messages.get((message.room_id, message.index), ()))

    async def write(self, writer: Writer) -> None:
        await writer.many(ATTACH, [(*said, file_id) for file_id, said in self._said.items()])
        await writer.many(RELEASE, [(None, None, file_id) for file_id in self._released])

    def _say(self, attached: Sequence[Attachment], index: int) -> None:
        self._said |= {each.id: (each.alt, index) for each in attached}


def _showing(attachment: Attachment, alt: str) -> Attachment:
    """Pictures alone are described."""
    return msgspec.structs.replace(attachment, alt=alt) if attachment.is_picture else attachment


def written(attachments: Sequence[Attachment]) -> str:
    """As a message's row holds them: JSON, empty where there are none."""
    return _encoder.encode(attachments).decode() if attachments else ""


def read(text: str) -> tuple[Attachment, ...]:
    """What :func:`written` has made."""
    return _decoder.decode(text) if text else ()


def to_file(row: Sequence[Any]) -> File:
    room_id, digest, uploaded_by, index, *shown = row
    return File(room_id, digest, uploaded_by, index, Attachment(*shown))


async def insert(tx: Transaction, file: File) -> File:
    """The same with its id."""
    shown = file.shown
    values = {
        "room_id": file.room_id,
        "digest": file.digest,
        "name": shown.name,
        "size": shown.size,
        "media_type": shown.media_type,
        "width": shown.width,
        "height": shown.height,
        "alt": shown.alt,
        "uploaded_by": file.uploaded_by,
        "created_at": tx.at,
        "copies": file.copies,
    }
    row = await tx.one(sa.insert(files).values(values).returning(files.c.id))
    assert row is not None  # noqa: S101 - an insert returns its row
    return msgspec.structs.replace(file, shown=msgspec.structs.replace(shown, id=row[0]))


async def by_id(db: Reader, file_id: int) -> File | None:
    row = await db.one(sa.select(*_FILE).where(files.c.id == file_id))
    return None if row is None else to_file(row)


async def unsent(db: Reader, file: File) -> File | None:
    """One that the same person has uploaded into the same room, of the same content and name, and not sent yet."""
    same = (files.c.room_id == file.room_id, files.c.digest == file.digest, files.c.name == file.shown.name)
    mine = (files.c.uploaded_by == file.uploaded_by, files.c.index.is_(None))
    row = await db.one(sa.select(*_FILE).where(*same, *mine).limit(1))
    return None if row is None else to_file(row)


async def size_of(db: Reader, person_id: int) -> int:
    """Bytes of all that a person has uploaded, copies of pictures too; what is there twice counts twice."""
    taken = sa.func.coalesce(sa.func.sum(files.c.size + files.c.copies), 0)
    row = await db.one(sa.select(taken).where(files.c.uploaded_by == person_id))
    return int(row[0]) if row else 0


async def uncounted(db: Reader, after: int, most: int) -> dict[int, str]:
    """So many pictures behind that id, by id, of whose copies nothing was noted: the digest of each."""
    asked = sa.select(files.c.id, files.c.digest).where(files.c.width > 0, files.c.copies == 0, files.c.id > after)
    return {row[0]: row[1] for row in await db.all(asked.order_by(files.c.id).limit(most))}


async def count(tx: Transaction, copies: Mapping[int, int]) -> None:
    """Note what the copies of each take, by id, in bytes."""
    change = sa.update(files).where(files.c.id == sa.bindparam("of")).values(copies=sa.bindparam("taken"))
    await tx.execute(change, [{"of": ident, "taken": taken} for ident, taken in copies.items()])


async def release_unsent(tx: Transaction, before: int) -> None:
    """What was uploaded before that moment and never sent belongs to nobody."""
    old = (files.c.index.is_(None), files.c.created_at < before)
    await tx.execute(sa.update(files).where(*old).values(uploaded_by=None))


async def has_free(db: Reader) -> bool:
    return await db.one(sa.select(files.c.id).where(_is_free).limit(1)) is not None


async def delete_free(tx: Transaction, most: int) -> set[str]:
    """Delete so many rows of what belongs to nobody; the digests that no other row names."""
    some = files.c.id.in_(sa.select(files.c.id).where(_is_free).limit(most))
    freed = {row[0] for row in await tx.all(sa.delete(files).where(some).returning(files.c.digest))}
    return freed - await known(tx, freed)


async def known(db: Reader, digests: Collection[str]) -> set[str]:
    """Those of the digests that a row names."""
    asked = sa.select(files.c.digest).where(files.c.digest.in_(digests)).distinct()
    return {row[0] for row in await db.all(asked)} if digests else set()
