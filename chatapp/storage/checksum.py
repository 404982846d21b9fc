"""A sum over every stored column of a message, so that a row which the disk has altered is known as such."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from chatapp.core.models import Message
from chatapp.storage import files, reactions

# What a row holds, in the order of the table: id, room_id, index, version, author_id, kind, content, html,
# created_at, edited_at, is_deleted (0 or 1), reply_to, client_id (None where there is none), reactions, pinned_at,
# attachments. A tuple or a list.
Stored = Sequence[object]
# So many columns there were at first, and when reactions and pins had come. Those that came later count only where
# they say something: rows of before keep their sums.
FIRST: Final = 13
REACTED: Final = 15

# MessagePack says of each value its type and its length: no two rows have the same bytes.
_encode: Final[Callable[[Stored], bytes]] = msgspec.msgpack.Encoder().encode


def of_row(row: Stored) -> int:
    """CRC-32 of the row: whatever SQLite gives out, which is None, 64-bit numbers, text and bytes."""
    if len(row) > REACTED and row[REACTED] == "":
        row = row[:REACTED]
    if len(row) == REACTED and row[FIRST] == "" and row[FIRST + 1] is None:
        row = row[:FIRST]
    return zlib.crc32(_encode(row))


def with_checksum(message: Message) -> tuple[object, ...]:
    """The row of a message as the table holds it, checksum last. Raises ``ValueError`` for what cannot be stored."""
    row = (
        message.id,
        message.room_id,
        message.index,
        message.version,
        message.author_id,
        message.kind,
        message.content,
        message.html,
        message.created_at,
        message.edited_at,
        int(message.is_deleted),
        message.reply_to,
        message.client_id or None,
        reactions.written(message.reactions),
        message.pinned_at,
        files.written(message.attachments),
    )
    return *row, of_row(row)
