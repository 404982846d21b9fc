"""The audit finds what is wrong with a file, says where, and changes nothing."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Final

import pytest

from chatapp.storage import findings
from chatapp.storage.findings import Report
from chatapp.storage.integrity import audit
from tests.support.engine import behind_its_back
from tests.support.source import SCHEMA
from tests.support.store import Store, open_store

# What is done to the file, and what the audit says of it. Room 2 is "designers" with five messages, by person 1.
FAULTS: Final = {
    "an altered text": (
        "UPDATE messages SET content = 'no' WHERE id = (2 << 32) + 3",
        "Room designers: message 3 is not what was stored.",
    ),
    "a hole": (
        "DELETE FROM messages WHERE id IN ((2 << 32) + 2, (2 << 32) + 3)",
        "Room designers: messages 2 to 3 are missing.",
    ),
    "a missing end": (
        "DELETE FROM messages WHERE id = (2 << 32) + 5",
        "Room designers: message 5 is missing.",
    ),
    "a top too low": (
        "UPDATE rooms SET last_index = 4 WHERE id = 2",
        "Room designers: message 5 lies beyond the room's counters.",
    ),
    "a version too low": (
        "UPDATE rooms SET last_version = 4 WHERE id = 2",
        "Room designers: message 5 lies beyond the room's counters.",
    ),
    "a version too high": (
        "UPDATE rooms SET last_version = 9 WHERE id = 2",
        "Room designers: its newest change is 5, but 9 were counted.",
    ),
    "a room that is gone": ("DELETE FROM rooms WHERE id = 2", "There are messages of room 2, which does not exist."),
    "an author who is gone": (
        "DELETE FROM people WHERE id = 1",
        r"Row \d+ of messages belongs to a row of people that is not there.",
    ),
    "read too far": (
        "UPDATE memberships SET read_index = 6",
        "Room 2: person 1 has read up to 6, which is not in the room.",
    ),
    "an unknown schema": (
        "UPDATE alembic_version SET version_num = '9999'",
        "The schema is at revision 9999, which this version does not know.",
    ),
    "a foreign trigger": (
        "CREATE TRIGGER evil AFTER INSERT ON messages BEGIN UPDATE people SET is_admin = 1; END",
        "The schema has the trigger evil, which chatapp did not make.",
    ),
    "a foreign view": (
        "CREATE VIEW rooms_of AS SELECT * FROM rooms",
        "The schema has the view rooms_of, which chatapp did not make.",
    ),
    "a foreign table": ("CREATE TABLE more (x)", "The schema has the table more, which chatapp did not make."),
    "a missing index": (
        "DROP INDEX ix_memberships_person_id",
        "The schema lacks the index ix_memberships_person_id.",
    ),
    "another column": (
        "ALTER TABLE people ADD COLUMN more TEXT",
        "The schema's table people is not as chatapp made it.",
    ),
    "a missing table": (
        "DROP TABLE memberships",
        "The counters cannot be read to the end: no such table: memberships.",
    ),
}

pytestmark = pytest.mark.file_only("the audit of a file; a server has tests/postgres/test_audit.py")


@pytest.fixture
async def file(path: Path) -> Path:
    """Five messages, edits and deletions among them; closed."""
    async with open_store(path) as store:
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        for number in range(5):
            await store.says(ada, f"Number {number}", room, client_id=f"{number}", reply_to=number or None)
    return path


def sentences(report: Report) -> str:
    return "\n".join(finding.sentence for finding in report.findings)


def test_nothing_is_wrong_with_what_chatapp_wrote(file: Path) -> None:
    before = file.read_bytes()
    report = audit(file)
    assert (sentences(report), report.is_sound, report.rooms, report.messages) == ("", True, 2, 5)
    assert report.summary() == f"2 rooms, 5 messages, 0 holes, schema {SCHEMA}: nothing wrong."
    assert file.read_bytes() == before


async def test_edits_deletions_and_a_running_writer_are_no_faults(store: Store) -> None:
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    for number in range(5):
        await store.says(ada, f"Number {number}", room)
    await store.edits(ada, 2, "again", room)
    await store.deletes(ada, 5, room)
    assert sentences(audit(store.file.path)) == ""


async def test_faults_of_earlier_wordings_are_found(store: Store) -> None:
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    await store.says(ada, "one", room)
    await store.edits(ada, 1, "two", room)
    with behind_its_back(store.file.path) as connection:
        connection.execute("UPDATE revisions SET content = 'forged'")
        connection.execute("UPDATE messages SET is_deleted = 1")
    found = sentences(audit(store.file.path))
    assert f"An earlier wording of message 1 of room {room.id} is not what was stored." in found
    assert f"An earlier wording of message 1 of room {room.id}, which was deleted, is still there." in found


@pytest.mark.parametrize(("sql", "sentence"), FAULTS.values(), ids=FAULTS.keys())
def test_every_fault_is_a_sentence(file: Path, sql: str, sentence: str) -> None:
    with behind_its_back(file) as connection:
        connection.execute(sql)
    report = audit(file)
    assert re.search(rf"^{sentence}$", sentences(report), re.MULTILINE), sentences(report)
    assert not report.is_sound


def test_a_trigger_that_was_dropped_or_rewritten_is_found(file: Path) -> None:
    with behind_its_back(file) as connection:
        triggers = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        connection.execute(f'DROP TRIGGER "{triggers[0]}"')
    assert f"The schema lacks the trigger {triggers[0]}." in sentences(audit(file))
    with behind_its_back(file) as connection:
        connection.execute(f'CREATE TRIGGER "{triggers[0]}" AFTER INSERT ON messages BEGIN SELECT 1; END')
    assert f"The schema's trigger {triggers[0]} is not as chatapp made it." in sentences(audit(file))


def test_a_finding_names_its_room_and_index(file: Path) -> None:
    with behind_its_back(file) as connection:
        connection.execute("UPDATE messages SET content = 'no' WHERE id = (2 << 32) + 3")
    (finding,) = audit(file).findings
    assert (finding.room, finding.index) == ("designers", 3)


def test_the_same_version_twice_is_found(file: Path) -> None:
    with behind_its_back(file) as connection:
        # The rule that forbids it stands in the schema; damage does not ask.
        connection.execute("CREATE TABLE copy AS SELECT * FROM messages")
        connection.execute("DROP TABLE messages")
        connection.execute("ALTER TABLE copy RENAME TO messages")
        connection.execute("UPDATE messages SET version = 5 WHERE version = 4")
    assert "Room 2: 2 messages have the version 5." in sentences(audit(file))


def test_of_very_many_findings_all_are_counted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "SHOWN", 2)
    with behind_its_back(file) as connection:
        connection.execute("UPDATE messages SET content = 'no'")
    report = audit(file)
    assert (len(report.findings), report.count) == (2, 5)


def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "chatapp.db"
    path.write_bytes(b"This is no database. " * 500)
    assert sentences(audit(path)) == "The file cannot be read: file is not a database."
    with pytest.raises(FileNotFoundError):
        audit(tmp_path / "absent.db")


def test_a_file_cut_short_is_found(file: Path) -> None:
    whole = file.read_bytes()
    for size in (50, 4096, len(whole) // 2, len(whole) - 4096):
        file.write_bytes(whole[:size])
        assert not audit(file).is_sound
    file.write_bytes(whole)
    assert audit(file).is_sound


def test_a_page_that_cannot_be_read_costs_its_room_not_the_others(file: Path) -> None:
    connection = sqlite3.connect(file)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()
    connection.close()
    content = bytearray(file.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    file.write_bytes(content)
    assert "Room designers: its messages cannot be read to the end" in sentences(audit(file))
