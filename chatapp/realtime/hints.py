"""What processes call to each other. A hint may be lost, doubled or late: none of them is the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from chatapp.core.counters import Key
from chatapp.core.events import Read, Typing
from chatapp.core.models import Message, Presence


class Hint(msgspec.Struct, frozen=True, tag_field="hint"):
    pass


class Grown(Hint, frozen=True, tag="grown"):
    """A room's log has the versions ``first`` to ``last``; ``changes``: all of them, or none where they are large."""

    room_id: int
    first: int
    last: int
    changes: tuple[Message, ...] = ()


class Noticed(Hint, frozen=True, tag="noticed"):
    """There are new notices."""


class Whispered(Hint, frozen=True, tag="whispered"):
    """For those who hear the room now."""

    room_id: int
    news: Typing
    except_person: int


class HasRead(Hint, frozen=True, tag="read"):
    """For a person's other sockets."""

    person_id: int
    news: Read


class Present(Hint, frozen=True, tag="present"):
    """People with sockets at that process, by id: of each what is so now, "offline" for no longer."""

    process: str
    people: tuple[tuple[int, Presence], ...]


class Taken(Hint, frozen=True, tag="taken"):
    """From a counter of pace."""

    name: str
    key: Key
    amount: int


class Held(Hint, frozen=True, tag="held"):
    """So many of it a process holds now: name, key and number of each."""

    process: str
    places: tuple[tuple[str, Key, int], ...]


AnyHint = Grown | Noticed | Whispered | HasRead | Present | Taken | Held

LARGEST = 7_900
"""Bytes of a hint: PostgreSQL takes fewer than 8,000."""
MOST_IN_PARTS = 16

_encoder = msgspec.json.Encoder()


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    source: str
    hint: AnyHint


_decoder = msgspec.json.Decoder(_Envelope)


def encode(source: str, hint: AnyHint) -> bytes:
    return _encoder.encode(_Envelope(source, hint))


def decode(data: bytes | str) -> tuple[str, AnyHint]:
    """Who says it, and what. Raises ``msgspec.MsgspecError``."""
    envelope = _decoder.decode(data)
    return envelope.source, envelope.hint


def grown(room_id: int, changes: Sequence[Message]) -> Iterator[Grown]:
    """Hints of changes that follow one another, with them as far as they are small."""
    part: list[Message] = []
    size, parts = 0, 0
    for message in changes:
        grows = len(_encoder.encode(message)) + 1
        if part and size + grows > LARGEST - 200:
            yield Grown(room_id, part[0].version, part[-1].version, tuple(part))
            part, size, parts = [], 0, parts + 1
        if grows > LARGEST - 200 or parts >= MOST_IN_PARTS:
            yield Grown(room_id, message.version, changes[-1].version)
            return
        part.append(message)
        size += grows
    if part:
        yield Grown(room_id, part[0].version, part[-1].version, tuple(part))
