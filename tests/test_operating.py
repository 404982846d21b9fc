"""The nightly backup of docs/operating.md does what the page says, run as it is written there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.command import SECONDS, Chatapp, Here
from tests.support.engine import behind_its_back
from tests.support.source import ROOT

pytestmark = pytest.mark.file_only("the nightly copy of the file")
PAGE: Final = (ROOT / "docs" / "operating.md").read_text()
OLDER: Final = [f"nightly-202601{day:02}-031500" for day in range(1, 21)]


@pytest.fixture
def chatapp(tmp_path: Path) -> Chatapp:
    chatapp = Here(tmp_path / "data", cwd=tmp_path)
    made = chatapp("user", "add", "ada", "--email", "ada@example.org", "--password-stdin", stdin="correct horse")
    assert made.code == 0, made.err
    return chatapp


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """Of twenty nights, and one that was made by hand."""
    for name in [*OLDER, "before-2"]:
        (tmp_path / "backups" / name).mkdir(parents=True)
        (tmp_path / "backups" / name / "chatapp.db").touch()
    return tmp_path / "backups"


def a_night_passes(chatapp: Chatapp, backups: Path) -> int:
    """The script with this machine's places put in; its exit code."""
    found = re.search(r"```sh\n(#!/bin/sh\n.*?)```", PAGE, re.DOTALL)
    assert found
    places = {
        "/opt/chatapp/current/bin/chatapp": f"{chatapp.python} -m chatapp",
        "/var/lib/chatapp": str(chatapp.data),
        "/var/backups/chatapp": str(backups),
    }
    script = found[1]
    for written, here in places.items():
        assert written in script
        script = script.replace(written, here)
    return subprocess.run(["sh", "-c", script], env=chatapp.environ, timeout=SECONDS, check=False).returncode


def test_a_night_adds_a_backup_and_the_newest_fourteen_stay(chatapp: Chatapp, backups: Path) -> None:
    assert a_night_passes(chatapp, backups) == 0
    *others, newest = sorted(path.name for path in backups.glob("nightly-*"))
    assert others == OLDER[-13:]
    assert sorted(path.name for path in (backups / newest).iterdir()) == ["chatapp.db", "secrets.json"]
    assert (backups / "before-2" / "chatapp.db").exists()


def test_a_night_whose_backup_has_faults_takes_no_older_one_away(chatapp: Chatapp, backups: Path) -> None:
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        connection.execute("UPDATE rooms SET last_index = 3")
    assert a_night_passes(chatapp, backups) == 1
    assert {path.name for path in backups.glob("nightly-*")} > set(OLDER)
