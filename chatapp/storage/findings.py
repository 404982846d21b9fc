"""What is wrong with the rooms' logs and what goes with them: the checks that either engine's audit makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from chatapp.core.models import message_id
from chatapp.storage import audit_log, checksum
from chatapp.storage.checksum import of_row
from chatapp.storage.database import Source
from chatapp.storage.tables import messages

SHOWN: Final = 1000
# The migrations that brought the audit log, the checksums, reactions with pins, files, and earlier wordings.
LOGGED: Final = "0003"
CHECKSUMS: Final = "0004"
REACTED: Final = "0006"
FILED: Final = "0008"
REVISED: Final = "0010"

_NAMES: Final = tuple(f'"{c.name}"' for c in messages.c if c is not messages.c.checksum)
# By the id alone: through an index, a value would be the index's and not the row's.
LOG: Final = "SELECT {}, {} FROM messages NOT INDEXED WHERE id > ? AND id < ? ORDER BY id"
NEXT_ROOM: Final = "SELECT min(id) >> 32 FROM messages WHERE id > ?"
DOUBLES: Final = (
    "SELECT room_id, version, count(*) FROM messages NOT INDEXED GROUP BY room_id, version HAVING count(*) > 1"
)
WORDINGS: Final = "SELECT checksum, message_id, version, content, written_at FROM revisions"
OUTLIVED: Final = "SELECT r.message_id FROM revisions r JOIN messages m ON m.id = r.message_id WHERE m.is_deleted"
READ_TOO_FAR: Final = (
    "SELECT m.room_id, m.person_id, m.read_index FROM memberships m JOIN rooms r ON r.id = m.room_id "
    "WHERE m.read_index < 0 OR m.read_index > r.last_index"
)


Trouble = tuple[type[Exception], ...]
"""What the engine raises when it cannot read on."""


class Finding(msgspec.Struct, frozen=True):
    """What is wrong, as a sentence; where in the log, as far as it is about one message."""

    sentence: str
    room: str = ""
    index: int | None = None


class Report(msgspec.Struct):
    """``findings`` holds the first :data:`SHOWN`; ``count`` is of all of them.

    ``holes`` counts the stretches of numbers without a message, ``missing`` the messages that should be there.
    """

    findings: list[Finding] = []
    count: int = 0
    rooms: int = 0
    messages: int = 0
    holes: int = 0
    missing: int = 0
    files: int = 0
    revision: str | None = None

    @property
    def is_sound(self) -> bool:
        return not self.count

    def summary(self) -> str:
        wrong = "nothing wrong" if self.is_sound else _counted(self.count, "finding")
        seen = f"{_counted(self.rooms, 'room')}, {_counted(self.messages, 'message')}, {_counted(self.holes, 'hole')}"
        if self.files:
            seen += f", {_counted(self.files, 'file')}"
        return f"{seen}, schema {self.revision or 'unknown'}: {wrong}."


class Room(msgspec.Struct, frozen=True):
    id: int
    slug: str
    last_index: int
    last_version: int


Checked = Iterator[Finding]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def note(report: Report, finding: Finding) -> None:
    report.count += 1
    if len(report.findings) < SHOWN:
        report.findings.append(finding)


@contextmanager
def noting(report: Report, what: str, trouble: Trouble) -> Iterator[None]:
    try:
        yield
    except trouble as error:
        note(report, Finding(f"{what}: {_words(error)}."))


def _words(error: BaseException) -> str:
    """What the database said, without the statement that SQLAlchemy adds."""
    return str(getattr(error, "orig", None) or error)


def log(source: Source, report: Report, trouble: Trouble) -> Checked:
    asked = "SELECT id, slug, last_index, last_version FROM rooms ORDER BY id"
    rooms = {row[0]: Room(*row) for row in source.execute(asked)}
    report.rooms = len(rooms)
    for room in rooms.values():
        try:
            yield from _room(source, report, room)
        except trouble as error:
            yield Finding(f"Room {room.slug}: its messages cannot be read to the end: {_words(error)}.", room.slug)
    for room_id in _rooms_with_messages(source):
        if room_id not in rooms:
            yield Finding(f"There are messages of room {room_id}, which does not exist.")


def _rooms_with_messages(source: Source) -> Iterator[int]:
    after = -1
    while (found := source.execute(NEXT_ROOM, (after,)).fetchone()[0]) is not None:
        yield found
        after = message_id(found + 1, 0)


def _room(source: Source, report: Report, room: Room) -> Checked:
    """Every message from the first to the last, each whole, and the counters where they end."""
    has_checksum = (report.revision or "") >= CHECKSUMS
    asked = LOG.format("checksum" if has_checksum else "NULL", ", ".join(_columns(report.revision or "")))
    expected, top, is_whole = 1, 0, True
    bounds = (message_id(room.id, 0), message_id(room.id + 1, 0))
    for crc, *stored in source.execute(asked, bounds):
        report.messages += 1
        index, version = stored[0] & 0xFFFFFFFF, stored[3]
        if index > expected:
            yield _missing(report, room, expected, index - 1)
        expected = index + 1
        if has_checksum and crc != of_row(stored):
            is_whole = False
            yield Finding(f"Room {room.slug}: message {index} is not what was stored.", room.slug, index)
        elif version > room.last_version or not stored[2] == index <= room.last_index:
            yield Finding(f"Room {room.slug}: message {index} lies beyond the room's counters.", room.slug, index)
        else:
            top = max(top, version)
    if expected <= room.last_index:
        yield _missing(report, room, expected, room.last_index)
    elif is_whole and top != room.last_version:
        yield Finding(f"Room {room.slug}: its newest change is {top}, but {room.last_version} were counted.", room.slug)


def _columns(revision: str) -> tuple[str, ...]:
    """Those of a message, as of then."""
    if revision >= FILED:
        return _NAMES
    return _NAMES[: checksum.REACTED] if revision >= REACTED else _NAMES[: checksum.FIRST]


def _missing(report: Report, room: Room, first: int, last: int) -> Finding:
    report.holes += 1
    report.missing += last - first + 1
    which = f"message {first} is" if first == last else f"messages {first} to {last} are"
    return Finding(f"Room {room.slug}: {which} missing.", room.slug, first)


def counters(source: Source, _report: Report) -> Checked:
    for room_id, version, count in source.execute(DOUBLES):
        yield Finding(f"Room {room_id}: {count} messages have the version {version}.")
    for room_id, person_id, index in source.execute(READ_TOO_FAR):
        yield Finding(f"Room {room_id}: person {person_id} has read up to {index}, which is not in the room.")


def chain(source: Source, report: Report) -> Checked:
    if (report.revision or "") >= LOGGED:
        yield from map(Finding, audit_log.broken(source))


def wordings(source: Source, report: Report) -> Checked:
    """What messages said before they were edited."""
    if (report.revision or "") < REVISED:
        return
    for crc, *stored in source.execute(WORDINGS):
        if crc != of_row(stored):
            yield Finding(f"An earlier wording of {_place(stored[0])} is not what was stored.")
    for (ident,) in source.execute(OUTLIVED):
        yield Finding(f"An earlier wording of {_place(ident)}, which was deleted, is still there.")


def _place(ident: int) -> str:
    return f"message {ident & 0xFFFFFFFF} of room {ident >> 32}"
