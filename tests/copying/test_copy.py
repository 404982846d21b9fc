"""A chat that moves from its file to PostgreSQL is there as it was, and its people notice nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from chatapp.storage.copying_source import LEFT_OUT, TABLES
from chatapp.storage.tables import metadata
from tests.copying.scene import HIDDEN, fresh, is_alike, rows_of_file
from tests.support.command import Chatapp
from tests.support.engine import behind_its_back, tables
from tests.support.postgres import databases
from tests.support.source import SCHEMA

pytestmark = pytest.mark.file_only("it is a file that is copied")


@pytest.mark.parametrize("is_migrated", [False, True], ids=["empty", "migrated"])
def test_everything_is_in_the_copy(chatapp: Chatapp, is_migrated: bool) -> None:
    url = fresh(is_migrated=is_migrated)
    done = chatapp("copy", "--to", url)
    assert (done.code, done.err) == (0, "")
    assert is_alike(chatapp.data, url)
    assert f"All {sum(len(rows_of_file(chatapp.data, name)) for name in metadata.tables)} rows are in" in done.out
    assert f"schema {SCHEMA}: nothing wrong." in done.out
    assert HIDDEN not in done.out
    audited = chatapp("audit", CHATAPP_DATABASE_URL=url)
    assert (audited.code, audited.out.endswith("nothing wrong.\n")) == (0, True)


def test_the_target_may_come_from_the_settings(chatapp: Chatapp, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(fresh(is_migrated=True))
    assert chatapp("copy", CHATAPP_DATABASE_URL_FILE=str(tmp_path / "url")).code == 0
    nowhere = chatapp("copy")
    assert (nowhere.code, "Say where to" in nowhere.err) == (2, True)


def test_every_table_is_copied_or_said_to_be_left_out(chatapp: Chatapp) -> None:
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        assert set(tables(connection)) == {table.name for table in TABLES} | LEFT_OUT.keys()
    before: set[sa.Table] = set()
    for table in TABLES:
        assert {key.column.table for key in table.foreign_keys} <= before | {table}
        before.add(table)


def test_new_rows_get_numbers_of_their_own(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        ((gone,),) = connection.execute("SELECT id FROM invites").fetchall()
        connection.execute("DELETE FROM invites")
    assert chatapp("copy", "--to", url).code == 0
    on = {"CHATAPP_DATABASE_URL": url}
    added = chatapp("user", "add", "mary", "--email", "m@example.org", "--password-stdin", stdin="correct horse", **on)
    assert added.code == 0, added.err
    for words in (("room", "add", "design"), ("token", "create", "mary"), ("invite", "create")):
        assert chatapp(*words, **on).code == 0
    for table in ("people", "rooms", "tokens"):
        ((count, top),) = databases().desk.asks(url, f"SELECT count(*), max(id) FROM {table}")  # noqa: S608
        assert count == top == len(rows_of_file(chatapp.data, table)) + 1
    # Somebody may still hold the number of what was deleted before the copy.
    assert databases().desk.asks(url, "SELECT id FROM invites") == [(gone + 1,)]


def test_the_copy_goes_on_under_the_epoch_of_the_file(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        (epoch,) = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    assert chatapp("copy", "--to", url).code == 0
    assert chatapp("user", "list", CHATAPP_DATABASE_URL=url).code == 0
    assert databases().desk.asks(url, "SELECT value FROM meta WHERE key = 'epoch'") == [(epoch,)]
    (line,) = chatapp("audit-log", "--action", "database.copied", CHATAPP_DATABASE_URL=url).out.splitlines()
    assert "command line\tdatabase.copied\t127.0.0.1:" in line
    assert HIDDEN not in line


def test_nothing_begins_on_a_file_that_was_copied_until_that_is_taken_back(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    assert chatapp("copy", "--to", url).code == 0
    before = rows_of_file(chatapp.data, "messages")
    for words in (("user", "list"), ("migrate",), ("copy", "--to", url), ("serve",)):
        refused = chatapp(*words)
        assert (refused.code, refused.out) == (1, "")
        assert "was copied to PostgreSQL at 127.0.0.1:" in refused.err
        assert "chatapp copy --undo" in refused.err
        assert HIDDEN not in refused.err
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        assert HIDDEN not in repr(connection.execute("SELECT * FROM meta").fetchall())
    taken_back = chatapp("copy", "--undo")
    assert (taken_back.code, taken_back.err) == (0, "")
    assert "ada" in chatapp("user", "list").out
    assert rows_of_file(chatapp.data, "messages") == before
    again = chatapp("copy", "--undo")
    assert (again.code, again.out) == (1, "")


def epoch_of(chatapp: Chatapp) -> object:
    """That of the next start."""
    assert chatapp("user", "list").code == 0
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        return connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]


def test_whoever_comes_back_to_the_file_begins_a_new_epoch(chatapp: Chatapp, tmp_path: Path) -> None:
    before = epoch_of(chatapp)
    aside = tmp_path / "aside.db"
    aside.write_bytes((chatapp.data / "chatapp.db").read_bytes())
    assert chatapp("copy", "--to", fresh(is_migrated=True)).code == 0
    assert chatapp("copy", "--undo").code == 0
    assert epoch_of(chatapp) != before
    assert chatapp("copy", "--to", fresh(is_migrated=True)).code == 0
    # As it was before the first copy, put in place by hand.
    for name in ("chatapp.db-wal", "chatapp.db-shm"):
        (chatapp.data / name).unlink(missing_ok=True)
    (chatapp.data / "chatapp.db").write_bytes(aside.read_bytes())
    assert epoch_of(chatapp) != before
