"""An upgrade that is killed at any moment is finished by the next start, and nothing is lost by it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest
from alembic import command

from chatapp.core.models import message_id
from chatapp.storage import migrate, usable
from chatapp.storage.integrity import audit
from tests.support.engine import behind_its_back
from tests.support.rounds import rounds
from tests.support.source import ROOT

pytestmark = pytest.mark.file_only("an upgrade of the file; a server has tests/postgres/test_versions.py")
ROUNDS: Final = rounds(4, 20)
MESSAGES: Final = 10_000
# A start is mostly imports; it says when the migrations begin and when they are over.
UPGRADE: Final = """
import sys
from pathlib import Path
from chatapp.storage import usable
print("begins", flush=True)
usable.prepare(Path(sys.argv[1]))
print("is over", flush=True)
"""


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the first version with messages in it: every migration since has its work before it."""
    path = tmp_path / "earlier.db"
    with monkeypatch.context() as patch:
        upgrade = command.upgrade
        patch.setattr(command, "upgrade", lambda config, _: upgrade(config, "0002"))
        migrate.upgrade(path)
    rows = [(message_id(1, n), n, n, f"Number {n}, as it was", f"{n}") for n in range(1, MESSAGES + 1)]
    with behind_its_back(path) as connection:
        connection.execute("INSERT INTO people (username, display_name, created_at) VALUES ('ada', 'Ada', 0)")
        connection.executemany(
            'INSERT INTO messages (id, room_id, "index", version, author_id, content, client_id, created_at)'
            " VALUES (?, 1, ?, ?, 1, ?, ?, 0)",
            rows,
        )
        connection.execute("UPDATE rooms SET last_index = ?, last_version = ?", (MESSAGES, MESSAGES))
    return path


def upgrade(path: Path, *, killed_after: float | None = None) -> float:
    """In a process of its own, killed so many seconds after it began; how long the migrations took."""
    arguments = [sys.executable, "-c", UPGRADE, str(path)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begins\n"
        began = time.monotonic()
        if killed_after is None:
            assert process.stdout.readline() == "is over\n"
            return time.monotonic() - began
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(killed_after)
        process.kill()
        return killed_after


@pytest.mark.timeout(180 + 10 * ROUNDS)
def test_a_kill_at_any_moment_of_an_upgrade_is_made_good_by_the_next_start(earlier: Path, tmp_path: Path) -> None:
    whole = Path(shutil.copy(earlier, tmp_path / "whole.db"))
    seconds = upgrade(whole)
    assert audit(whole).findings == []
    found: set[str] = set()
    rounds = 0
    # Each round a little later. How long it takes varies: the last rounds come after it, however slow it was.
    while rounds < ROUNDS or (len(found) < 2 and rounds < 20 * ROUNDS):
        path = Path(shutil.copy(earlier, tmp_path / "killed.db"))
        upgrade(path, killed_after=seconds * rounds / ROUNDS)
        rounds += 1
        with behind_its_back(path) as connection:
            found.add(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        usable.prepare(path)
        report = audit(path)
        assert (report.findings, report.messages) == ([], MESSAGES)
        assert migrate.differences(path) == []
    print(f"kill during upgrade: {rounds} rounds within {seconds:.2f} s, found at revisions {sorted(found)}")
    assert len(found) > 1
