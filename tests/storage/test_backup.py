"""A restore that is interrupted leaves the old database in place, or none, and is made good by the next one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from chatapp.storage import backup, secrets, usable
from chatapp.storage.mark import FILE
from tests.support.engine import behind_its_back
from tests.support.source import ROOT

# The database, its two companions, the new secrets, the new database.
RENAMES: Final = 5
# Says when all is copied, and gets no further.
WAITS: Final = """
import sys, time
from pathlib import Path
from chatapp.storage import backup
backup.audit = lambda _: (print("copied", flush=True), time.sleep(60))
backup.make(Path(sys.argv[1]), Path(sys.argv[2]))
"""

pytestmark = pytest.mark.file_only("copies of the file")


class Interrupted(BaseException):
    """As a kill: nothing catches it."""


@pytest.fixture
def data(path: Path) -> Path:
    """A data folder with a backup beside it, a change since, and what a killed server leaves."""
    folder = path.parent / "data"
    folder.mkdir()
    shutil.copy(path, folder)
    secrets.load(folder)
    backup.make(folder, path.parent / "backup")
    with behind_its_back(folder / path.name) as connection:
        connection.execute("INSERT INTO meta VALUES ('since', 'then')")
    for end in ("-wal", "-shm"):
        (folder / f"{path.name}{end}").touch()
    return folder


def is_changed(database: Path) -> bool:
    connection = sqlite3.connect(database)
    try:
        return bool(connection.execute("SELECT 1 FROM meta WHERE key = 'since'").fetchall())
    finally:
        connection.close()


@pytest.mark.parametrize("step", range(1, RENAMES + 1))
def test_an_interrupted_restore_makes_no_empty_chat(data: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    rename, steps = Path.rename, iter(range(1, step))

    def interrupted(path: Path, target: Path) -> Path:
        if next(steps, None) is None:
            raise Interrupted
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupted)
        with pytest.raises(Interrupted):
            backup.restore(data, data.parent / "backup")
    database = data / "chatapp.db"
    if step > 1:
        with pytest.raises(usable.Unusable, match=r"chatapp\.db is gone"):
            usable.refuse_unusable(database)
    else:
        usable.refuse_unusable(database)
        assert is_changed(database)
    backup.restore(data, data.parent / "backup")
    assert not is_changed(database)
    assert (data / FILE).exists()
    kept = [folder / "chatapp.db" for folder in data.glob("before-restore-*")]
    assert [file for file in kept if file.exists() and is_changed(file)], "What was there before is nowhere."


def test_a_restore_interrupted_at_every_step_was_tried(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, count = Path.rename, 0

    def counted(path: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", counted)
    backup.restore(data, data.parent / "backup")
    assert count == RENAMES


@pytest.mark.parametrize("wrong", ["damaged", "weak", "a link", "a pipe"])
def test_keys_that_are_not_whole_are_refused_before_anything_is_put_aside(data: Path, wrong: str) -> None:
    keys = data.parent / "backup" / secrets.FILE
    content = keys.read_text()
    keys.unlink()
    if wrong == "a link":
        keys.symlink_to(data / secrets.FILE)
    elif wrong == "a pipe":
        os.mkfifo(keys)
    else:
        keys.write_text("{" if wrong == "damaged" else content.replace('"csrf_key": "', '"csrf_key": "AAAA'))
    before = sorted(path.name for path in data.iterdir())
    with pytest.raises(secrets.SecretsError, match=str(keys)):
        backup.restore(data, keys.parent)
    assert (sorted(path.name for path in data.iterdir()), is_changed(data / "chatapp.db")) == (before, True)


@contextmanager
def killed_half_way(data: Path, target: Path) -> Iterator[None]:
    """A backup that is half-done during the block, and killed at its end."""
    arguments = [sys.executable, "-c", WAITS, str(data), str(target)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "copied\n"
            yield
        finally:
            process.kill()


def test_the_next_backup_takes_away_what_a_killed_one_has_left(data: Path) -> None:
    place = data.parent / "backups"
    with killed_half_way(data, place / "monday"):
        backup.make(data, place / "tuesday")
        assert len(list(place.glob(".monday.*.part"))) == 1
    backup.make(data, place / "wednesday")
    assert sorted(path.name for path in place.iterdir()) == ["tuesday", "wednesday"]


def test_what_a_backup_of_another_chat_has_left_stays(data: Path) -> None:
    """It may be at work on another machine, whose locks nobody sees here."""
    place, other = data.parent / "backups", data.parent / "other"
    other.mkdir()
    shutil.copy(data / "chatapp.db", other)
    secrets.load(other)
    with killed_half_way(other, place / "monday"):
        pass
    backup.make(data, place / "tuesday")
    assert len(list(place.glob(".monday.*.part"))) == 1
