"""What cannot be copied is refused in a sentence, and nothing is overwritten, doubled or passed over."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatapp.core.models import message_id
from chatapp.storage.copying_source import Mending, Source
from tests.copying.scene import HIDDEN, fresh, is_alike, rows_of_copy, rows_of_file
from tests.support.command import Chatapp, Result
from tests.support.damage import alter
from tests.support.engine import behind_its_back
from tests.support.postgres import databases

pytestmark = pytest.mark.file_only("it is a file that is copied")


def sentence(done: Result) -> str:
    """The one on stderr, which shows no password."""
    assert done.code == 1
    assert HIDDEN not in done.err + done.out
    assert "Traceback" not in done.err
    (line,) = done.err.splitlines()
    return line


def test_beside_a_running_server_nothing_is_copied(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    with chatapp.serving() as server:
        assert "One process owns a SQLite file" in sentence(chatapp("copy", "--to", url))
        assert server.stop() == 0
    assert rows_of_copy(url, "people") == rows_of_copy(url, "meta") == []


def test_where_there_is_no_chat_nothing_is_made(chatapp: Chatapp, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    assert "There is no chat in a file in" in sentence(chatapp("copy", "--to", fresh(), CHATAPP_DATA=nowhere))
    assert not Path(nowhere).exists()


@pytest.mark.parametrize(
    ("left", "says"),
    [
        ("CREATE TABLE invoices (id int)", "holds something else: invoices. Nothing was changed."),
        ("CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a1b2')", "at revision"),
    ],
)
def test_a_database_of_somebody_elses_is_left_alone(chatapp: Chatapp, left: str, says: str) -> None:
    url = fresh()
    for statement in left.split("; "):
        databases().desk.asks(url, statement)
    before = databases().top(url)
    assert says in sentence(chatapp("copy", "--to", url))
    assert databases().top(url) == before
    # The file was not touched either.
    assert chatapp("user", "list").code == 0


@pytest.mark.parametrize(
    "words",
    [("user", "add", "mary", "--email", "mary@example.org", "--password-stdin"), ("user", "list")],
    ids=["somebody is in it", "a server has been on it"],
)
def test_a_chat_is_not_overwritten(chatapp: Chatapp, words: tuple[str, ...]) -> None:
    url = fresh(is_migrated=True)
    assert chatapp(*words, stdin="correct horse", CHATAPP_DATABASE_URL=url).code == 0
    before = databases().top(url)
    assert "holds a chat already. Nothing was changed." in sentence(chatapp("copy", "--to", url))
    assert databases().top(url) == before
    assert chatapp("user", "list").code == 0


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://ada:not-to-be-shown@127.0.0.1/chat", "--to must be like postgresql://"),
        ("postgresql://ada:not-to-be-shown/1@127.0.0.1/chat", "--to cannot be read"),
        ("postgresql://ada:not-to-be-shown@127.0.0.1:1/chat", "PostgreSQL at 127.0.0.1:1/chat cannot be used"),
        ("postgresql://ada:not-to-be-shown@127.0.0.1/chat?sslmode=no", "cannot be used: `sslmode` parameter must"),
        ("", "cannot be used: database "),
    ],
    ids=["another engine", "unreadable", "nobody there", "no such option", "no such database"],
)
def test_a_wrong_url_is_a_sentence_without_the_password(chatapp: Chatapp, url: str, says: str) -> None:
    assert says in sentence(chatapp("copy", "--to", url or f"{fresh()}x"))
    assert chatapp("user", "list").code == 0


# Damage

FLIPS: tuple[dict[str, Any], ...] = (
    {"content": "Number 2 altered"},
    {"content": "a\0b"},
    {"content": b"\xff\x00", "client_id": 7},
    {"version": 0, "index": 999},
    {"version": 2**40},
    {"author_id": 4711, "room_id": 4711},
    {"created_at": "yesterday", "edited_at": 1.5, "is_deleted": 9},
)


def test_damaged_messages_are_refused_by_name_or_copied_as_damaged(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    for index, columns in enumerate(FLIPS, 11):
        alter(chatapp.data / "chatapp.db", 1, index, columns)
    before = rows_of_file(chatapp.data, "messages")
    names = ", ".join(f"message {index} of room general" for index in range(11, 11 + len(FLIPS)))
    refused = sentence(chatapp("copy", "--to", url))
    assert refused.startswith(f"Not what was stored: {names}. Go on with --damaged")
    done = chatapp("copy", "--to", url, "--damaged")
    assert (done.code, done.err) == (1, "")
    assert "rows are in PostgreSQL" in done.out
    wrong = [f"Room general: message {index} is not what was stored." for index in range(11, 11 + len(FLIPS))]
    assert [line for line in done.out.splitlines() if line.startswith("Room")] == wrong
    # At their places all the same, and everything else as it was.
    found = databases().desk.asks(url, 'SELECT room_id, "index" FROM messages WHERE room_id = 1 ORDER BY "index"')
    assert found == [(1, index) for index in range(1, len(found) + 1)]
    assert set(before) - set(rows_of_copy(url, "messages")) <= set(before[10 : 10 + len(FLIPS)])
    assert rows_of_file(chatapp.data, "messages") == before


def test_what_a_damaged_message_says_of_its_place_takes_nobody_elses(chatapp: Chatapp, tmp_path: Path) -> None:
    # Without indexes, which would not let two rows have one version.
    with closing(sqlite3.connect(tmp_path / "flipped.db")) as connection:
        connection.execute("ATTACH ? AS found", (str(chatapp.data / "chatapp.db"),))
        for name in ("rooms", "people", "messages"):
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM found.{name}")  # noqa: S608 - names of our own
        row = connection.execute("SELECT * FROM messages WHERE id = ?", (message_id(1, 2),)).fetchone()
        mending = Mending(Source(connection))
        assert mending.mended(row)[3] == row[3] == 2
        assert mending.mended((*row[:3], 7, *row[4:]))[3] == -2
        assert mending.mended((*row[:3], 10_000, *row[4:]))[3] == -2


def test_what_no_reference_allows_is_refused_by_name(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        connection.execute("UPDATE memberships SET person_id = 4711 WHERE room_id = 2 AND person_id = 1")
        connection.execute("UPDATE people SET display_name = ? WHERE id = 2", ("a\0b",))
    assert sentence(chatapp("copy", "--to", url)).startswith("people 2: its display_name is nothing that PostgreSQL")
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        connection.execute("UPDATE people SET display_name = 'Grace' WHERE id = 2")
    assert sentence(chatapp("copy", "--to", url)).startswith("memberships: insert or update on table")
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        connection.execute("DELETE FROM memberships WHERE person_id = 4711")
    assert chatapp("copy", "--to", url).code == 0
    assert is_alike(chatapp.data, url)


def test_a_copy_that_differs_is_not_used(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    # Somebody's rule in the database, by which it takes what it does not keep.
    databases().desk.asks(url, "CREATE RULE loses AS ON INSERT TO tokens DO INSTEAD NOTHING")
    done = chatapp("copy", "--to", url, "--damaged")
    assert done.code == 1
    assert "tokens: 2 rows in the file, 0 in PostgreSQL.\n" in done.out
    assert "nothing wrong" in done.out
    assert "So no server starts on the copy." in done.err
    assert chatapp("user", "list", CHATAPP_DATABASE_URL=url).code == 1
    assert "is being copied" in chatapp("user", "list").err
    assert chatapp("copy", "--undo").code == 0
    assert chatapp("user", "list").code == 0


def test_holes_in_the_file_itself_are_copied_only_if_they_are_wanted(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        connection.execute('DELETE FROM messages WHERE room_id = 1 AND "index" = 7')
    refused = chatapp("copy", "--to", url)
    assert refused.code == 1
    assert "Room general: message 7 is missing.\n" in refused.out
    assert chatapp("user", "list", CHATAPP_DATABASE_URL=url).code == 1
    taken = chatapp("copy", "--to", url, "--damaged")
    assert (taken.code, taken.err) == (1, "")
    assert chatapp("user", "list", CHATAPP_DATABASE_URL=url).code == 0
