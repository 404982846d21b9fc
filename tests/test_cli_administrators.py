"""Administrators are made on the command line, the last one stays, and what was done there is in the audit log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatapp.storage import migrate
from tests.support.command import Here, Result
from tests.test_cli import add, fails


@pytest.fixture
def chatapp(tmp_path: Path) -> Here:
    found = Here(tmp_path / "data", cwd=tmp_path)
    add(found, "ada", "--admin")
    add(found, "grace")
    return found


def states(chatapp: Here) -> dict[str, str]:
    lines = (line.split("\t") for line in chatapp("user", "list").out.splitlines())
    return {name: state for name, _, state, _ in lines}


def test_an_administrator_is_made_and_unmade(chatapp: Here) -> None:
    assert chatapp("user", "promote", "Grace") == Result(0, "grace is an administrator.\n", "")
    assert states(chatapp) == {"ada": "admin", "grace": "admin"}
    assert chatapp("user", "demote", "ada") == Result(0, "ada is no administrator.\n", "")
    assert states(chatapp) == {"ada": "active", "grace": "admin"}


def test_the_last_administrator_stays(chatapp: Here) -> None:
    assert "only administrator" in fails(chatapp("user", "demote", "ada"))
    fails(chatapp("user", "disable", "ada"))
    assert states(chatapp)["ada"] == "admin"


def test_one_of_two_administrators_can_be_disabled_whichever_it_is(chatapp: Here) -> None:
    chatapp("user", "promote", "grace")
    assert chatapp("user", "disable", "ada").code == 0
    fails(chatapp("user", "disable", "grace"))
    assert states(chatapp) == {"ada": "disabled", "grace": "admin"}


def test_what_the_command_line_did_is_printed_newest_first(chatapp: Here) -> None:
    chatapp("user", "disable", "grace")
    printed = [line.split("\t")[1:4] for line in chatapp("audit-log").out.splitlines()]
    assert printed == [
        ["command line", "account.disabled", "grace"],
        ["command line", "account.made", "grace"],
        ["command line", "account.made", "ada"],
    ]
    only = chatapp("audit-log", "--who", "Grace", "--action", "account.made", "--limit", "5").out
    assert [line.split("\t")[3] for line in only.splitlines()] == ["grace"]
    assert chatapp("audit-log", "--limit", "9" * 20).code == 2
    assert chatapp("audit").code == 0


def test_the_audit_log_is_read_beside_a_running_server(chatapp: Here) -> None:
    with chatapp.serving():
        before = sorted(each.name for each in chatapp.data.iterdir())
        printed = [line.split("\t")[1:4] for line in chatapp("audit-log").out.splitlines()]
        assert printed == [["command line", "account.made", "grace"], ["command line", "account.made", "ada"]]
        assert sorted(each.name for each in chatapp.data.iterdir()) == before


@pytest.mark.file_only("there is one in every database that is there")
def test_of_no_chat_the_audit_log_says_so(tmp_path: Path) -> None:
    nowhere = Here(tmp_path / "nowhere", cwd=tmp_path)
    assert nowhere("audit-log") == Result(1, "", f"There is no chat in {nowhere.data}.\n")
    assert not nowhere.data.exists()


@pytest.mark.file_only("a folder with a file")
@pytest.mark.parametrize("content", [b"no database at all", b""])
def test_what_no_audit_log_can_be_read_from_is_named(tmp_path: Path, content: bytes) -> None:
    """Trying again, as was said, would not have helped."""
    (tmp_path / "chatapp.db").write_bytes(content)
    result = Here(tmp_path)("audit-log")
    assert result.code == 1
    assert result.err.startswith(f"{tmp_path}/chatapp.db cannot be read: ")


@pytest.mark.file_only("a file of before there was PostgreSQL")
def test_a_schema_that_is_older_than_the_audit_log_is_named_with_what_helps(tmp_path: Path) -> None:
    chatapp = Here(tmp_path)
    with closing(sqlite3.connect(tmp_path / "chatapp.db")) as connection:
        for _, sql in sorted(migrate.schema("0002").values(), key=lambda made: made[0] != "table"):
            connection.execute(sql)
        connection.execute("INSERT INTO alembic_version VALUES ('0002')")
        connection.commit()
    said = fails(chatapp("audit-log"))
    assert said == (
        f"The schema of {tmp_path}/chatapp.db is older than the audit log: it is at revision 0002. "
        "Bring it to this version's with: chatapp migrate"
    )
    assert chatapp("migrate").code == 0
    assert chatapp("audit-log") == Result(0, "", "")


@pytest.mark.file_only("there commands work beside a server: tests/postgres/test_start.py")
def test_beside_a_running_server_each_command_for_accounts_says_where_else_to_go(chatapp: Here) -> None:
    with chatapp.serving():
        for verb in ("disable", "enable", "promote", "demote"):
            said = fails(chatapp("user", verb, "grace"))
            assert "stop it first" in said
            assert "/admin/users" in said
        assert "/admin/users" not in fails(chatapp("user", "list"))
    assert states(chatapp) == {"ada": "admin", "grace": "active"}
