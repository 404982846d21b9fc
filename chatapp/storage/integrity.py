"""Is a database file what chatapp wrote? Looks at all of it, changes nothing, and works beside a running server."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from chatapp.core.models import message_id
from chatapp.storage import audit_log, migrate
from chatapp.storage.checksum import of_row
from chatapp.storage.database import lenient
from chatapp.storage.full import refuse_full
from chatapp.storage.tables import messages

SHOWN: Final = 1000
# The revisions that brought the audit log and the checksums.
LOGGED: Final = "0003"
SIGNED: Final = "0004"
BUSY_MS: Final = 5000

_NAMES: Final = ", ".join(f'"{c.name}"' for c in messages.c if c is not messages.c.checksum)
# By the id alone: through an index, a value would be the index's and not the row's.
LOG: Final = f"SELECT {{}}, {_NAMES} FROM messages NOT INDEXED WHERE id > ? AND id < ? ORDER BY id"  # noqa: S608 - names of our own
NEXT_ROOM: Final = "SELECT min(id) >> 32 FROM messages WHERE id > ?"
DOUBLES: Final = (
    "SELECT room_id, version, count(*) FROM messages NOT INDEXED GROUP BY room_id, version HAVING count(*) > 1"
)
READ_TOO_FAR: Final = (
    "SELECT m.room_id, m.person_id, m.read_index FROM memberships m JOIN rooms r ON r.id = m.room_id "
    "WHERE m.read_index < 0 OR m.read_index > r.last_index"
)


class Finding(msgspec.Struct, frozen=True):
    """What is wrong, as a sentence; where in the log, as far as it is about one message."""

    sentence: str
    room: str = ""
    index: int | None = None


class Report(msgspec.Struct):
    """``findings`` holds the first :data:`SHOWN`; ``count`` is of all of them."""

    findings: list[Finding] = []
    count: int = 0
    rooms: int = 0
    messages: int = 0
    revision: str | None = None

    @property
    def is_sound(self) -> bool:
        return not self.count

    def summary(self) -> str:
        wrong = "nothing wrong" if self.is_sound else _counted(self.count, "finding")
        seen = f"{_counted(self.rooms, 'room')}, {_counted(self.messages, 'message')}"
        return f"{seen}, schema {self.revision or 'unknown'}: {wrong}."


class Room(msgspec.Struct, frozen=True):
    id: int
    slug: str
    last_index: int
    last_version: int


def audit(path: Path) -> Report:
    """Check the whole file: structure, references, checksums, counters. Reads every page; memory stays small.

    Raises ``OSError`` when there is no such file, or no room on its disk; whatever else is wrong is a finding.
    """
    report = Report()
    path.stat()
    with _noting(report, path, "The file cannot be read"), closing(open_to_read(path)) as connection:
        # One transaction: all that is compared below is of one moment.
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for check in (_structure, _references, _schema, _log, _counters, _audit_log):
            with _noting(report, path, f"The{check.__name__.replace('_', ' ')} cannot be read to the end"):
                for finding in check(connection, report):
                    _note(report, finding)
    return report


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even what a log beside the file still holds."""
    # In a folder that cannot be written to, the files that guard readers and writers cannot be made.
    has_log = path.with_name(f"{path.name}-wal").exists()
    alone = "" if has_log or os.access(path.parent, os.W_OK) else "&immutable=1"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{alone}", uri=True, isolation_level=None)
    connection.text_factory = lenient
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return connection


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _note(report: Report, finding: Finding) -> None:
    report.count += 1
    if len(report.findings) < SHOWN:
        report.findings.append(finding)


@contextmanager
def _noting(report: Report, path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        refuse_full(error, path.parent)
        _note(report, Finding(f"{what}: {error}."))


Checked = Iterator[Finding]


def _structure(connection: sqlite3.Connection, _report: Report) -> Checked:
    for (said,) in connection.execute("PRAGMA integrity_check(100)"):
        if said != "ok":
            yield Finding(f"The file's structure: {said}.")


def _references(connection: sqlite3.Connection, _report: Report) -> Checked:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding(f"Row {row} of {table} belongs to a row of {parent} that is not there.")


def _schema(connection: sqlite3.Connection, report: Report) -> Checked:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    report.revision = None if row is None else row[0]
    if report.revision is None or report.revision not in migrate.revisions():
        yield Finding(f"The schema is at revision {report.revision}, which this version does not know.")
    else:
        yield from _foreign(connection, migrate.schema(report.revision))


def _foreign(connection: sqlite3.Connection, made: dict[str, tuple[str, str]]) -> Checked:
    """A trigger of somebody else's writes what nobody said, a view shows what is not there."""
    there = {name: (kind, sql) for name, kind, sql in connection.execute(migrate.SCHEMA)}
    for name in sorted(made.keys() | there.keys()):
        if name not in made:
            yield Finding(f"The schema has the {there[name][0]} {name}, which chatapp did not make.")
        elif name not in there:
            yield Finding(f"The schema lacks the {made[name][0]} {name}.")
        elif made[name] != there[name]:
            yield Finding(f"The schema's {made[name][0]} {name} is not as chatapp made it.")


def _log(connection: sqlite3.Connection, report: Report) -> Checked:
    asked = "SELECT id, slug, last_index, last_version FROM rooms ORDER BY id"
    rooms = {row[0]: Room(*row) for row in connection.execute(asked)}
    report.rooms = len(rooms)
    for room in rooms.values():
        try:
            yield from _room(connection, report, room)
        except sqlite3.Error as error:
            yield Finding(f"Room {room.slug}: its messages cannot be read to the end: {error}.", room.slug)
    for room_id in _rooms_with_messages(connection):
        if room_id not in rooms:
            yield Finding(f"There are messages of room {room_id}, which does not exist.")


def _rooms_with_messages(connection: sqlite3.Connection) -> Iterator[int]:
    after = -1
    while (found := connection.execute(NEXT_ROOM, (after,)).fetchone()[0]) is not None:
        yield found
        after = message_id(found + 1, 0)


def _room(connection: sqlite3.Connection, report: Report, room: Room) -> Checked:
    """Every message from the first to the last, each whole, and the counters where they end."""
    is_signed = (report.revision or "") >= SIGNED
    asked = LOG.format("checksum" if is_signed else "NULL")
    expected, top, is_whole = 1, 0, True
    bounds = (message_id(room.id, 0), message_id(room.id + 1, 0))
    for checksum, *stored in connection.execute(asked, bounds):
        report.messages += 1
        index, version = stored[0] & 0xFFFFFFFF, stored[3]
        if index > expected:
            yield _missing(room, expected, index - 1)
        expected = index + 1
        if is_signed and checksum != of_row(stored):
            is_whole = False
            yield Finding(f"Room {room.slug}: message {index} is not what was stored.", room.slug, index)
        elif version > room.last_version or not stored[2] == index <= room.last_index:
            yield Finding(f"Room {room.slug}: message {index} lies beyond the room's counters.", room.slug, index)
        else:
            top = max(top, version)
    if expected <= room.last_index:
        yield _missing(room, expected, room.last_index)
    elif is_whole and top != room.last_version:
        yield Finding(f"Room {room.slug}: its newest change is {top}, but {room.last_version} were counted.", room.slug)


def _missing(room: Room, first: int, last: int) -> Finding:
    which = f"message {first} is" if first == last else f"messages {first} to {last} are"
    return Finding(f"Room {room.slug}: {which} missing.", room.slug, first)


def _counters(connection: sqlite3.Connection, _report: Report) -> Checked:
    for room_id, version, count in connection.execute(DOUBLES):
        yield Finding(f"Room {room_id}: {count} messages have the version {version}.")
    for room_id, person_id, index in connection.execute(READ_TOO_FAR):
        yield Finding(f"Room {room_id}: person {person_id} has read up to {index}, which is not in the room.")


def _audit_log(connection: sqlite3.Connection, report: Report) -> Checked:
    if (report.revision or "") >= LOGGED:
        yield from map(Finding, audit_log.broken(connection))
