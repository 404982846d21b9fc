"""Numbers that were given out are never trusted for another history, and a plain restart is the same history."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
import structlog

from chatapp.core.models import Person, Room
from chatapp.storage import people
from chatapp.storage.batch import Post
from chatapp.storage.journal import Journal
from chatapp.storage.mark import FILE, Mark, marked
from chatapp.storage.sqlite import open_database
from tests.support.engine import behind_its_back
from tests.support.store import Store, post

pytestmark = pytest.mark.file_only("the mark beside the file; a server has tests/postgres/test_start.py")

EPOCH_OF_BEFORE = "UPDATE meta SET value = 'before' WHERE key = 'epoch'"


async def say(path: Path, *words: str) -> str:
    """Open the chat, say that in the room of the first call, close it; the epoch."""
    async with open_database(path) as database, marked(database) as mark:
        store = Store(database)
        store.journal = Journal(database, store.log.tails, store._note, mark)
        async with store.journal.running():
            if await people.is_empty(database):
                await store.room("designers", await store.person("ada"))
            for word in words:
                await store.journal.append(the_post(word))
    return mark.epoch


def the_post(word: str) -> Post:
    return post(Person(1, "ada", "Ada"), word, Room(2, "designers", "designers", "", "open"))


def keep(path: Path) -> Path:
    """A copy made by hand, as an operator does it."""
    return Path(shutil.copy(path, path.with_name("copy.db")))


def put_back(copy: Path, path: Path) -> None:
    shutil.copy(copy, path)


async def test_a_restart_goes_on_with_the_epoch(path: Path) -> None:
    first = await say(path, "one")
    assert [await say(path, "two"), await say(path), await say(path, "three")] == [first] * 3


async def test_a_process_that_just_stops_leaves_the_epoch(path: Path) -> None:
    """No goodbye: what a kill leaves on the disk is copied away while the chat is open."""
    other = path.with_name("other") / path.name
    other.parent.mkdir()
    async with open_database(path) as database, marked(database) as mark:
        store = Store(database)
        store.journal = Journal(database, store.log.tails, store._note, mark)
        async with store.journal.running():
            await store.room("designers", await store.person("ada"))
            for number in range(20):
                await store.journal.append(the_post(f"{number}"))
            for file in path.parent.glob(f"{path.stem}.*"):
                shutil.copy(file, other.parent)
    assert await say(other) == mark.epoch


async def test_an_older_copy_put_back_by_hand_begins_a_new_epoch(path: Path) -> None:
    first = await say(path, "one")
    copy = keep(path)
    await say(path, "two", "three")
    put_back(copy, path)
    with structlog.testing.capture_logs() as lines:
        second = await say(path)
    assert second != first
    assert [(line["event"], line["missing"]) for line in lines] == [("epoch.new", 2)]
    assert await say(path, "another two", "three") == second


async def test_a_copy_put_back_when_nothing_was_said_since_is_the_same_history(path: Path) -> None:
    first = await say(path, "one")
    copy = keep(path)
    await say(path)
    put_back(copy, path)
    assert await say(path) == first


async def test_the_same_number_of_other_changes_is_another_history(path: Path) -> None:
    """Back to the copy, on to as many changes as there had been, and back to what was there first."""
    first = await say(path, "one")
    copy = keep(path)
    await say(path, "two")
    latest = Path(shutil.copy(path, path.with_name("latest.db")))
    put_back(copy, path)
    second = await say(path, "another two")
    put_back(latest, path)
    third = await say(path)
    assert len({first, second, third}) == 3


async def test_a_copy_in_another_folder_begins_a_new_epoch(path: Path, tmp_path: Path) -> None:
    first = await say(path, "one")
    elsewhere = tmp_path / "elsewhere" / path.name
    elsewhere.parent.mkdir()
    shutil.copy(path, elsewhere)
    with structlog.testing.capture_logs() as lines:
        assert await say(elsewhere) != first
    assert [(line["event"], "missing" in line) for line in lines] == [("epoch.new", False)]


async def test_an_upgrade_from_before_the_mark_keeps_the_epoch(path: Path) -> None:
    await say(path, "one")
    with behind_its_back(path) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'marked'")
        connection.execute(EPOCH_OF_BEFORE)
    path.with_name(FILE).unlink()
    assert await say(path) == "before"


@pytest.mark.parametrize("content", [b"", b"nothing of ours", b"\xff" * 54])
async def test_a_mark_that_says_nothing_is_no_mark(path: Path, content: bytes) -> None:
    first = await say(path, "one")
    path.with_name(FILE).write_bytes(content)
    assert await say(path) != first


async def test_a_mark_that_cannot_be_written_fails_no_post(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    write, calls = os.pwrite, iter([os.pwrite])
    monkeypatch.setattr(os, "pwrite", lambda *a: next(calls, full)(*a))
    await say(path, "one", "two")
    monkeypatch.setattr(os, "pwrite", write)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM messages").fetchone() == (2,)
    connection.close()


def test_the_mark_is_its_owners_alone(tmp_path: Path) -> None:
    Mark(tmp_path / FILE, "e", 0).close()
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
