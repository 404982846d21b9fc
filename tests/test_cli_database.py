"""The commands that look after the database: they say what they did, and nothing is lost by them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from unittest import mock

import pytest

from chatapp.storage import audit_log
from tests.support.command import Chatapp, Here
from tests.support.engine import behind_its_back
from tests.support.source import SCHEMA

pytestmark = pytest.mark.file_only("the audit and the copies of the file; a server has tests/postgres/test_audit.py")


@pytest.fixture
def chatapp(tmp_path: Path) -> Chatapp:
    """With an account in it."""
    chatapp = Here(tmp_path / "data", cwd=tmp_path)
    made = chatapp("user", "add", "ada", "--email", "ada@example.org", "--password-stdin", stdin="correct horse")
    assert made.code == 0, made.err
    return chatapp


def test_an_audit_of_a_sound_file_ends_with_0_also_beside_a_server(chatapp: Chatapp) -> None:
    with chatapp.serving() as server:
        result = chatapp("audit")
        assert server.stop() == 0
    assert (result.code, result.err) == (0, "")
    assert result.out == f"1 room, 0 messages, 0 holes, schema {SCHEMA}: nothing wrong.\n"


def test_an_audit_prints_every_finding_and_ends_with_1(chatapp: Chatapp, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes((chatapp.data / "chatapp.db").read_bytes())
    with behind_its_back(copy) as connection:
        connection.execute("UPDATE rooms SET last_index = 3")
    result = chatapp("audit", str(copy))
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines() == [
        "Room general: messages 1 to 3 are missing.",
        f"1 room, 0 messages, 1 hole, schema {SCHEMA}: 1 finding.",
    ]
    assert chatapp("audit").code == 0
    told = chatapp("audit", str(copy), "--json")
    report = json.loads(told.out)
    assert (told.code, report["rooms"], report["messages"], report["holes"], report["missing"]) == (1, 1, 0, 1, 3)
    assert [(each["room"], each["index"]) for each in report["findings"]] == [("general", 1)]
    sound = json.loads(chatapp("audit", "--json").out)
    assert (sound["holes"], sound["missing"], sound["findings"]) == (0, 0, [])


def test_an_audit_of_no_file_is_a_sentence(chatapp: Chatapp) -> None:
    result = chatapp("audit", str(chatapp.data / "absent.db"))
    assert (result.code, result.out) == (1, "")
    assert result.err.endswith("absent.db: No such file or directory.\n")


def test_a_backup_is_whole_and_its_owners_alone(chatapp: Chatapp, tmp_path: Path) -> None:
    target = tmp_path / "backups" / "monday"
    with chatapp.serving() as server:
        result = chatapp("backup", str(target))
        assert server.stop() == 0
    assert (result.code, result.err) == (0, "")
    assert result.out == f"The backup is in {target}.\n1 room, 0 messages, 0 holes, schema {SCHEMA}: nothing wrong.\n"
    assert sorted(path.name for path in target.iterdir()) == ["chatapp.db", "secrets.json"]
    assert {path.stat().st_mode & 0o077 for path in (target, *target.iterdir())} == {0}
    assert (target / "secrets.json").read_bytes() == (chatapp.data / "secrets.json").read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["monday"]


def test_a_backup_overwrites_nothing(chatapp: Chatapp, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").touch()
    (tmp_path / "empty").mkdir()
    result = chatapp("backup", str(tmp_path / "full"))
    assert (result.code, result.out) == (1, "")
    assert result.err == f"{tmp_path}/full is there already. Give the folder of a new backup.\n"
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["precious"]
    assert chatapp("backup", str(tmp_path / "empty")).code == 0


def test_a_backup_that_fails_leaves_nothing_behind(chatapp: Chatapp, tmp_path: Path) -> None:
    (chatapp.data / "chatapp.db").write_bytes(b"This is no database. " * 500)
    result = chatapp("backup", str(tmp_path / "backups" / "monday"))
    assert (result.code, result.out) == (1, "")
    assert "cannot be copied: file is not a database" in result.err
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_of_a_damaged_chat_is_made_and_says_so(chatapp: Chatapp, tmp_path: Path) -> None:
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        connection.execute("UPDATE rooms SET last_index = 3, last_version = 3")
    result = chatapp("backup", str(tmp_path / "monday"))
    assert result.code == 1
    assert "Room general: messages 1 to 3 are missing." in result.out
    assert (tmp_path / "monday" / "chatapp.db").exists()


@pytest.fixture
def backup(chatapp: Chatapp, tmp_path: Path) -> Path:
    assert chatapp("backup", str(tmp_path / "monday")).code == 0
    return tmp_path / "monday"


def names(chatapp: Chatapp) -> str:
    return chatapp("user", "list").out


def test_a_restore_brings_back_what_was_and_keeps_what_is(chatapp: Chatapp, backup: Path) -> None:
    chatapp("user", "add", "grace", "--email", "grace@example.org", "--password-stdin", stdin="correct horse")
    assert "grace" in names(chatapp)
    (chatapp.data / "secrets.json").write_text("{}")
    result = chatapp("restore", str(backup))
    assert (result.code, result.err) == (0, "")
    (aside,) = chatapp.data.glob("before-restore-*")
    assert str(aside) in result.out
    assert "grace" not in names(chatapp)
    assert "ada" in names(chatapp)
    assert sorted(path.name for path in aside.iterdir()) == ["chatapp.db", "secrets.json"]
    assert (aside / "secrets.json").read_text() == "{}"
    assert (aside / "chatapp.db").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in backup.iterdir()) == ["chatapp.db", "secrets.json"]


def test_a_restore_into_an_empty_folder_makes_the_chat_anew(chatapp: Chatapp, backup: Path, tmp_path: Path) -> None:
    other = Here(tmp_path / "other")
    assert other("restore", str(backup)).code == 0
    assert names(other) == names(chatapp)


def test_a_restore_begins_a_new_epoch(chatapp: Chatapp, backup: Path) -> None:
    assert epoch(chatapp) == epoch(chatapp)
    before = epoch(chatapp)
    chatapp("restore", str(backup))
    assert epoch(chatapp) not in {before, None}


def epoch(chatapp: Chatapp) -> object:
    """That of the next start."""
    names(chatapp)
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        return connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]


def test_a_restore_beside_a_server_is_refused(chatapp: Chatapp, backup: Path) -> None:
    with chatapp.serving() as server:
        result = chatapp("restore", str(backup))
        assert server.stop() == 0
    assert (result.code, result.out) == (1, "")
    assert "One process owns a SQLite file" in result.err


def test_who_restores_is_told_who_is_in_again(chatapp: Chatapp, backup: Path, tmp_path: Path) -> None:
    chatapp("user", "add", "grace", "--email", "grace@example.org", "--password-stdin", stdin="correct horse")
    told = chatapp("restore", str(backup)).out.splitlines()[1]
    assert "who was shut out or removed since is in again" in told
    variable, *command = shlex.split(told.rpartition(": ")[2])
    aside = Here(Path(variable.removeprefix("CHATAPP_DATA=")))
    assert command[0] == "chatapp"
    assert "account.made\tgrace" in aside(*command[1:]).out
    assert len(Here(tmp_path / "other")("restore", str(backup)).out.splitlines()) == 2


def test_a_damaged_backup_is_not_restored_unless_it_is_wanted(chatapp: Chatapp, backup: Path) -> None:
    with behind_its_back(backup / "chatapp.db") as connection:
        connection.execute("UPDATE rooms SET last_index = 3, last_version = 3")
    before = (chatapp.data / "chatapp.db").read_bytes()
    result = chatapp("restore", str(backup))
    assert result.code == 1
    assert "Room general: messages 1 to 3 are missing." in result.out
    assert (chatapp.data / "chatapp.db").read_bytes() == before
    assert "Restored." in chatapp("restore", str(backup), "--damaged").out


def of_a_newer_version(data: Path) -> None:
    with behind_its_back(data / "chatapp.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def test_a_backup_of_a_newer_version_is_said_to_be_one_and_not_restored(chatapp: Chatapp, tmp_path: Path) -> None:
    """No start would go on with it; nor is it damaged."""
    assert chatapp("backup", str(tmp_path / "monday")).code == 0
    of_a_newer_version(tmp_path / "monday")
    before = sorted(chatapp.data.iterdir())
    for more in ([], ["--damaged"]):
        result = chatapp("restore", str(tmp_path / "monday"), *more)
        assert (result.code, result.out) == (1, "")
        assert result.err.startswith("The backup is at revision 9999, which this version does not know. Nothing was ")
    assert sorted(chatapp.data.iterdir()) == before


def test_a_backup_of_a_newer_versions_chat_writes_nothing_into_it(chatapp: Chatapp, tmp_path: Path) -> None:
    of_a_newer_version(chatapp.data)
    before = (chatapp.data / "chatapp.db").read_bytes()
    result = chatapp("backup", str(tmp_path / "monday"))
    assert (result.code, result.err) == (1, "")
    assert "The schema is at revision 9999, which this version does not know." in result.out
    assert (chatapp.data / "chatapp.db").read_bytes() == before


def test_what_is_no_backup_is_not_restored(chatapp: Chatapp, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = chatapp("restore", str(tmp_path / "empty"))
    assert (result.code, result.err) == (1, f"There is no backup in {tmp_path}/empty: it has no chatapp.db.\n")


def test_a_backup_and_a_restore_are_in_the_audit_log(chatapp: Chatapp, tmp_path: Path) -> None:
    with chatapp.serving() as server:
        assert chatapp("backup", str(tmp_path / "monday")).code == 0
        assert server.stop() == 0
    assert "command line\tdatabase.backed_up\tmonday\t" in chatapp("audit-log").out
    assert chatapp("restore", str(tmp_path / "monday")).code == 0
    # Noted by who first opens it to write.
    assert chatapp("user", "list").code == 0
    (line,) = chatapp("audit-log", "--action", "database.restored").out.splitlines()
    assert "command line\tdatabase.restored\t" in line
    assert chatapp("audit").code == 0


def test_a_backup_that_cannot_be_noted_is_a_backup_all_the_same(chatapp: Chatapp, tmp_path: Path) -> None:
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        connection.execute("BEGIN IMMEDIATE")
        with mock.patch.object(audit_log, "NOTING_SECONDS", 0.1):
            result = chatapp("backup", str(tmp_path / "monday"))
    assert result.code == 0
    assert result.err == "The audit log could not take note of it: database is locked.\n"
    assert chatapp("audit", str(tmp_path / "monday")).code == 0
