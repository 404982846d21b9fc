"""``chatapp bench`` on an operator's machine: a statement, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from chatapp.bench import server
from tests.support.command import SECONDS, Chatapp, Here

QUICK = ("bench", "--sockets", "100", "--seconds", "2")


def servers_on(folder: Path) -> list[int]:
    """Processes whose data lies in there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            settings = (process / "environ").read_bytes()
            is_server = b"serve" in (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if is_server and b"CHATAPP_DATA=" + str(folder).encode() in settings:
            found.append(int(process.name))
    return found


def test_it_says_in_plain_words_what_the_machine_carries_and_touches_no_chat(tmp_path: Path) -> None:
    database = tmp_path / "data" / "chatapp.db"
    database.parent.mkdir()
    database.write_text("not a database at all")
    done = Here(database.parent)(*QUICK)
    assert (done.code, done.err) == (0, "")
    said = done.out
    assert re.search(r"This machine: 100 sockets in one room, .*, [\d,]+ MB\.", said)
    assert re.search(r"Each second it lets in [1-9][\d,]* people", said)
    assert re.search(r"It stores [1-9][\d,]* messages/s", said)
    assert database.read_text() == "not a database at all"
    assert list(tmp_path.iterdir()) == [database.parent]
    assert servers_on(tmp_path) == []


def test_terminated_it_leaves_no_server_and_no_file(tmp_path: Path) -> None:
    chatapp = Chatapp(tmp_path / "data")
    process = subprocess.Popen(
        chatapp.argv(("bench", "--sockets", "100", "--seconds", "60")),
        env=chatapp.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        end = time.monotonic() + SECONDS
        while not servers_on(tmp_path):
            assert process.poll() is None
            assert time.monotonic() < end
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err.splitlines()[-1]) == (130, "Interrupted.")
    assert list(tmp_path.iterdir()) == []
    assert servers_on(tmp_path) == []


def test_interrupted_in_the_middle_of_the_start_it_leaves_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            started.append(self)
            # As Ctrl+C does.
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt), server.running(["sleep", "60"], os.environ, port=1):
        raise AssertionError("It was interrupted before.")
    assert [process.poll() for process in started] == [-signal.SIGTERM]


def test_too_few_open_files_are_told_with_what_to_do(tmp_path: Path) -> None:
    few = Chatapp(tmp_path / "data", prefix=("sh", "-c", 'ulimit -n 250; exec "$@"', "sh"))
    done = few(*QUICK)
    assert done.code == 1
    assert "100 sockets need 300 open files, and this shell allows 250." in done.err
    assert "ulimit" in done.err
    assert list(tmp_path.iterdir()) == []
