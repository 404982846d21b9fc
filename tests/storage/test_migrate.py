"""A database file becomes current before anything else opens it, whatever happened the last time."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from alembic import command, op
from alembic.script import ScriptDirectory

from chatapp.storage import migrate
from chatapp.storage.integrity import audit
from chatapp.storage.sqlite import open_database
from chatapp.storage.statement import Statement
from chatapp.storage.tables import rooms
from tests.support.damage import alter, overwrite
from tests.support.engine import behind_its_back
from tests.support.source import ROOT, SCHEMA
from tests.support.store import Store, open_store

pytestmark = pytest.mark.file_only("files of older versions; a server has tests/postgres/test_start.py")

# Forked children upgrade copies of a file and die without a goodbye, each at a later statement.
DYING: Final = """
import os, shutil, signal, sys
import sqlalchemy as sa
from pathlib import Path
from chatapp.storage import migrate

folder, number, status = Path(sys.argv[1]), 0, 1
# What all of them need is loaded once.
migrate.upgrade(folder / "loaded")
while status:
    number += 1
    child = os.fork()
    if not child:
        left = number * 2
        @sa.event.listens_for(sa.Engine, "before_cursor_execute")
        def die(*_):
            global left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        migrate.upgrade(folder / f"{number}.db")
        os._exit(0)
    status = os.waitpid(child, 0)[1]
"""


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def before_reactions(path: Path) -> None:
    """Take the file back to the revision before them."""
    with behind_its_back(path) as connection:
        for table in ("tickets", "pushes", "push_cursors", "push_subscriptions"):
            connection.execute(f"DROP TABLE {table}")
        for column in ("language", "is_away", "status", "hour_cycle", "density"):
            connection.execute(f"ALTER TABLE people DROP COLUMN {column}")
        for column in ("level", "level_before", "read_turn", "read_before"):
            connection.execute(f"ALTER TABLE memberships DROP COLUMN {column}")
        connection.execute("ALTER TABLE people DROP COLUMN is_hidden")
        connection.execute("DROP TABLE revisions")
        connection.execute("DROP TABLE notification_settings")
        connection.execute("DROP TABLE files")
        connection.execute("DROP TABLE mentions")
        connection.execute("ALTER TABLE messages DROP COLUMN attachments")
        connection.execute("DROP INDEX ix_messages_pinned")
        connection.execute("ALTER TABLE messages DROP COLUMN reactions")
        connection.execute("ALTER TABLE messages DROP COLUMN pinned_at")
        made = migrate.schema("0005")
        for table in ("tokens", "invites", "outbox"):
            connection.execute(f"DROP TABLE {table}")
            connection.execute(made[table][1])
        for index in ("ix_tokens_person_id", "ix_outbox_due_at"):
            connection.execute(made[index][1])
        connection.execute("UPDATE alembic_version SET version_num = '0005'")


def before_checksums(path: Path) -> None:
    before_reactions(path)
    with behind_its_back(path) as connection:
        connection.execute("DROP TABLE notices")
        connection.execute("ALTER TABLE messages DROP COLUMN checksum")
        connection.execute("UPDATE alembic_version SET version_num = '0003'")


def tables(path: Path) -> set[object]:
    return {row[0] for row in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}


def made_by(revision: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of an earlier version."""
    with monkeypatch.context() as patch:
        upgrade = command.upgrade
        patch.setattr(command, "upgrade", lambda config, _: upgrade(config, revision))
        migrate.upgrade(path)


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the first version, with something in it."""
    path = tmp_path / "earlier.db"
    made_by("0001", path, monkeypatch)
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO meta VALUES ('kept', 'yes')")
    connection.commit()
    connection.close()
    return path


def test_an_empty_file_becomes_current(tmp_path: Path) -> None:
    path = tmp_path / "chatapp.db"
    applied = migrate.upgrade(path)
    assert applied[0] == "0001"
    assert applied[-1] == SCHEMA
    assert migrate.differences(path) == []


def test_the_migrations_make_what_the_tables_say(migrated: Path) -> None:
    assert migrate.differences(migrated) == []


def test_a_difference_would_be_seen(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE rooms DROP COLUMN topic")
    connection.close()
    assert len(migrate.differences(path)) == 1


def test_what_is_current_is_left_alone(path: Path) -> None:
    before = path.read_bytes()
    assert migrate.upgrade(path) == []
    assert path.read_bytes() == before
    assert list(path.parent.glob("*before*")) == []


def test_the_names_of_the_files_tell_the_revisions_in_their_order() -> None:
    steps = [step.revision for step in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()]
    assert migrate.revisions() == steps[::-1]


def test_a_start_with_nothing_to_migrate_loads_only_what_it_needs(path: Path) -> None:
    asking = "import sys, pathlib; import chatapp.cli; from chatapp.storage import migrate; "
    asking += "migrate.upgrade(pathlib.Path(sys.argv[1])); "
    asking += "print(*sys.modules)"
    words = [sys.executable, "-c", asking, str(path)]
    loaded = subprocess.run(words, check=True, cwd=ROOT, timeout=30, capture_output=True, text=True).stdout.split()
    assert {"alembic", "jwt", "aiosmtplib", "markdown_it", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm"} & set(
        loaded
    ) == set()


async def test_everyone_starts_with_the_room_general(store: Store) -> None:
    found = await store.log.recent(1, 10)
    assert (found.messages, found.index, found.version) == ((), 0, 0)
    assert rows(store.file.path, "SELECT slug, kind FROM rooms") == [("general", "open")]


def test_an_earlier_file_is_copied_and_brought_up(earlier: Path) -> None:
    applied = migrate.upgrade(earlier)
    assert applied[0] == "0002"
    assert migrate.differences(earlier) == []
    assert rows(earlier, "SELECT value FROM meta WHERE key = 'kept'") == [("yes",)]
    copy = earlier.with_name("earlier-before-0002.db")
    assert rows(copy, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert rows(copy, "SELECT value FROM meta WHERE key = 'kept'") == [("yes",)]
    assert copy.stat().st_mode & 0o077 == 0


def test_a_later_file_is_refused_and_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(migrate.TooNew, match=r"revision 9999.*newer chatapp"):
        migrate.upgrade(path)
    assert path.read_bytes() == before


def test_a_step_that_fails_leaves_nothing_of_itself(earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_sql: str) -> None:
        raise RuntimeError("in the middle of a step")

    before = tables(earlier)
    with monkeypatch.context() as patch:
        patch.setattr(op, "execute", broken)
        with pytest.raises(RuntimeError):
            migrate.upgrade(earlier)
    assert tables(earlier) == before
    assert rows(earlier, "SELECT version_num FROM alembic_version") == [("0001",)]
    migrate.upgrade(earlier)
    assert migrate.differences(earlier) == []


def test_a_kill_at_any_statement_is_made_good_by_the_next_start(tmp_path: Path) -> None:
    forking = [sys.executable, "-c", DYING, str(tmp_path)]
    subprocess.run(forking, check=True, cwd=ROOT, timeout=50)
    files = sorted(tmp_path.glob("?*.db"), key=lambda file: int(file.stem))
    assert len(files) > 15
    for file in files:
        migrate.upgrade(file)
        assert rows(file, "SELECT count(*) FROM rooms WHERE slug = 'general'") == [(1,)]
        assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    assert {len(migrate.differences(file)) for file in files[:: max(1, len(files) // 5)]} == {0}


@pytest.mark.parametrize("count", [0, 1, 1000, 2001])
async def test_messages_of_before_the_checksums_get_theirs(path: Path, count: int) -> None:
    async with open_store(path) as store:
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        await asyncio.gather(*(store.says(ada, f"Ünïcode {n}", room, client_id=f"{n}") for n in range(count)))
        before = await store.stored(room)
    before_checksums(path)
    migrate.upgrade(path)
    assert audit(path).findings == []
    async with open_store(path) as store:
        assert await store.stored(room) == before


async def test_checksums_of_before_the_reactions_still_count(path: Path) -> None:
    async with open_store(path) as store:
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        await asyncio.gather(*(store.says(ada, f"Ünïcode {n}", room, client_id=f"{n}") for n in range(3)))
        before = await store.stored(room)
    before_reactions(path)
    alter(path, room.id, 2, {"content": "ünïcode 1"})
    assert [finding.index for finding in audit(path).findings] == [2]
    migrate.upgrade(path)
    async with open_store(path) as store:
        assert [message.is_damaged for message in await store.stored(room)] == [False, True, False]
        assert await store.reacts(ada, 3, "👍", room)
        assert (await store.stored(room))[0] == before[0]
    assert [finding.index for finding in audit(path).findings] == [2]


async def test_a_message_that_was_damaged_before_the_checksums_is_not_signed(path: Path) -> None:
    async with open_store(path) as store:
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        await store.says(ada, "one", room)
        await store.says(ada, "two", room)
    before_checksums(path)
    overwrite(path, b"two", b"tw\xff")
    migrate.upgrade(path)
    async with open_store(path) as store:
        assert [message.is_damaged for message in await store.stored(room)] == [False, True]


async def test_a_copy_taken_beforehand_can_be_opened_alone(earlier: Path, tmp_path: Path) -> None:
    migrate.upgrade(earlier)
    back = shutil.copy(earlier.with_name("earlier-before-0002.db"), tmp_path / "back.db")
    migrate.upgrade(Path(back))
    async with open_database(Path(back)) as database:
        assert [row[0] for row in await database.all(sa.select(rooms.c.slug))] == ["general"]


async def test_a_folder_may_have_the_marks_of_an_address_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c %41" / "chatapp.db"
    path.parent.mkdir()
    await asyncio.to_thread(migrate.upgrade, path)
    slugs = sa.select(rooms.c.slug)
    async with open_database(path) as database:
        assert await database.all(slugs) == await database.hot(Statement(slugs)) == [("general",)]
    assert audit(path).is_sound
    assert await asyncio.to_thread(os.listdir, tmp_path) == [path.parent.name]
