"""An id that was given is nobody else's: not of a row that came later, and not after an upgrade."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

import pytest

from chatapp.storage import migrate
from chatapp.storage.integrity import audit
from chatapp.storage.tables import metadata
from tests.storage.test_migrate import made_by
from tests.support.engine import Connection, behind_its_back

pytestmark = pytest.mark.file_only("a server never gives a number of a sequence again")

PERSON: Final = "INSERT INTO people (id, username, display_name, created_at) VALUES (1, 'ada', 'Ada', 0)"
SESSION: Final = "INSERT INTO sessions (digest, person_id, created_at, seen_at, expires_at) VALUES (?, 1, 0, 0, 0)"
# How a row is put in; {} is a number, of which its id is made where one is given.
ROWS: Final = {
    "tokens": "INSERT INTO tokens ({id}person_id, kind, name, digest, created_at) VALUES ({n}1, 'jwt', 'n', 'd{}', 0)",
    "invites": "INSERT INTO invites ({id}digest, created_by, created_at, expires_at, uses_left) "
    "VALUES ({n}'d{}', 1, 0, 9, 1)",
    "outbox": "INSERT INTO outbox ({id}kind, payload, due_at, created_at) VALUES ({n}'mail', 'p{}', 0, 0)",
    "push_subscriptions": "INSERT INTO push_subscriptions ({id}session_digest, person_id, endpoint, p256dh, auth, key, "
    "created_at) VALUES ({n}'s{}', 1, 'e{}', 'p', 'a', 'k', 0)",
    "pushes": "INSERT INTO pushes ({id}subscription_id, room_id, due_at, count) VALUES ({n}3, NULL, 0, {})",
    "files": "INSERT INTO files ({id}room_id, digest, name, size, media_type, uploaded_by, created_at) "
    "VALUES ({n}1, 'd{}', 'ü', 5, 'image/png', NULL, 0)",
}


def put(connection: sqlite3.Connection, table: str, number: int, *, has_id: bool = True) -> None:
    words = ROWS[table].replace("{id}", "id, " if has_id else "").replace("{n}", f"{number}, " if has_id else "")
    connection.execute(words.replace("{}", str(number)))


def all_of(connection: Connection, table: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY id")]  # noqa: S608 - of constants


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the version before, with rows 3 and 7 in each of the tables."""
    path = tmp_path / "chatapp.db"
    made_by("0019", path, monkeypatch)
    with sqlite3.connect(path) as connection:
        connection.execute(PERSON)
        connection.executemany(SESSION, [("s3",), ("s7",), ("s8",)])
        for table in ROWS:
            for number in (3, 7):
                put(connection, table, number)
    connection.close()
    return path


def test_the_tables_say_which_of_them_give_no_id_again(migrated: Path) -> None:
    with behind_its_back(migrated) as connection:
        told = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").fetchall()
    said = {name for name, table in metadata.tables.items() if table.dialect_options["sqlite"]["autoincrement"]}
    assert {name for (name,) in told} == said == ROWS.keys()


def test_an_upgrade_leaves_rows_as_they_are_and_gives_no_id_of_those_that_go(earlier: Path) -> None:
    def rows() -> dict[str, list[tuple[object, ...]]]:
        with behind_its_back(earlier) as connection:
            return {table: all_of(connection, table) for table in ROWS}

    before = rows()
    migrate.upgrade(earlier)
    # Of the copies of its pictures nothing was noted.
    assert rows() == {**before, "files": [(*row, 0) for row in before["files"]]}
    assert audit(earlier).findings == []
    with sqlite3.connect(earlier) as connection:
        for table in ROWS:
            connection.execute(f"DELETE FROM {table} WHERE id = 7")  # noqa: S608 - of constants
            put(connection, table, 8, has_id=False)
            assert [row[0] for row in all_of(connection, table)] == [3, 8]
    connection.close()
