"""A copy that is killed goes on; a half of one is used by nobody."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from chatapp.storage import copying_note, copying_source, postgres_start
from chatapp.storage.copying import Copying
from chatapp.storage.copying_note import Note
from tests.copying.scene import HIDDEN, fresh, is_alike, rows_of_copy
from tests.support.command import Chatapp, Here
from tests.support.engine import behind_its_back
from tests.support.postgres import databases
from tests.support.source import ROOT

pytestmark = pytest.mark.file_only("it is a file that is copied")
KILLS: Final = 10


@contextmanager
def forked(chatapp: Chatapp, url: str) -> Iterator[subprocess.Popen[str]]:
    """Of ``killed.py``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.copying.killed", "copy"],
        env={**chatapp.environ, "CHATAPP_DATABASE_URL": url},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ends(process: subprocess.Popen[str], number: int) -> int:
    """How it ended when it was told to kill itself there."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{number}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def test_a_copy_that_is_killed_anywhere_goes_on_and_comes_to_its_end(chatapp: Chatapp) -> None:
    url = fresh(is_migrated=True)
    reached = []
    with forked(chatapp, url) as process:
        for number in range(KILLS):
            # Before or after whatever is said to the server, each time a little later.
            assert ends(process, 1 + 13 * number) == -9
            reached.append(len(rows_of_copy(url, "messages")))
        refused = chatapp("user", "list"), chatapp("user", "list", CHATAPP_DATABASE_URL=url)
        assert ends(process, 0) == 0
    print(f"copy killed {KILLS} times, with so many messages copied: {reached}")
    assert sorted(reached) == reached
    assert len(set(reached)) > 2
    assert [result.code for result in refused] == [1, 1]
    assert "is being copied to PostgreSQL at 127.0.0.1:" in refused[0].err
    assert "has not come to its end" in refused[1].err
    assert is_alike(chatapp.data, url)
    assert chatapp("audit", CHATAPP_DATABASE_URL=url).code == 0


def test_between_the_last_row_and_the_end_it_can_be_interrupted_as_well(
    chatapp: Chatapp, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh(is_migrated=True)
    write = copying_note.write

    def writes(path: Path, note: Note) -> None:
        if note.is_whole:
            interrupt()
        write(path, note)

    for owner, name, instead in ((copying_note, "write", writes), (Copying, "_finish", interrupt)):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, instead)
            assert chatapp("copy", "--to", url).code == 130
        assert chatapp("user", "list").code == chatapp("user", "list", CHATAPP_DATABASE_URL=url).code == 1
    assert chatapp("copy", "--to", url).code == 0
    assert is_alike(chatapp.data, url)
    assert chatapp("user", "list", CHATAPP_DATABASE_URL=url).code == 0


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def stop_after(monkeypatch: pytest.MonkeyPatch, slices: int) -> None:
    """Interrupt the next copy when so many slices of messages have been looked at."""
    looked_at = Copying._looked_at

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal slices
        slices -= 1
        return looked_at(*given, **named) if slices >= 0 else interrupt()

    monkeypatch.setattr(copying_source, "SLICE", 20)
    monkeypatch.setattr(Copying, "_looked_at", counted)


@pytest.fixture
def half(chatapp: Chatapp, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database with a copy that was interrupted."""
    url = fresh(is_migrated=True)
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        assert chatapp("copy", "--to", url).code == 130
    assert len(rows_of_copy(url, "messages")) == 60
    return url


def test_what_is_copied_is_not_copied_again(chatapp: Chatapp, half: str) -> None:
    before = databases().desk.asks(half, "SELECT id, xmin::text FROM messages ORDER BY id")
    with chatapp.on_a_terminal("copy", "--to", half) as terminal:
        assert terminal.ends() == 0
    assert re.search(r"\[#+-+\] +\d+/\d+", terminal.screen), terminal.screen
    assert f" {60}/" not in terminal.screen.split("\r")[0]
    assert databases().desk.asks(half, "SELECT id, xmin::text FROM messages ORDER BY id")[:60] == before


def test_half_a_copy_of_one_chat_is_never_gone_on_with_from_another(
    chatapp: Chatapp, half: str, furnished: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    shutil.copytree(furnished[0], tmp_path / "other")
    other = Here(tmp_path / "other")
    # A copy that was given up is another's as well: people may have written into the file since.
    assert chatapp("copy", "--undo").code == 0
    for each in (other, chatapp):
        refused = each("copy", "--to", half)
        assert (refused.code, refused.out) == (1, "")
        assert "holds an unfinished copy of another file, or one taken back" in refused.err
        assert each("user", "list").code == 0
    assert len(rows_of_copy(half, "messages")) == 60


def test_an_audit_calls_half_a_copy_one_first_of_all(
    chatapp: Chatapp, half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATAPP_DATABASE_URL", half)
    found = chatapp("audit")
    assert (found.code, found.out.splitlines()[0]) == (1, postgres_start.UNFINISHED)
    monkeypatch.delenv("CHATAPP_DATABASE_URL")
    assert chatapp("copy", "--to", half).code == 0
    monkeypatch.setenv("CHATAPP_DATABASE_URL", half)
    assert postgres_start.UNFINISHED not in chatapp("audit").out


def test_a_copy_may_begin_anew_in_another_database(chatapp: Chatapp, half: str) -> None:
    url = fresh(is_migrated=True)
    assert chatapp("copy", "--to", url).code == 0
    assert is_alike(chatapp.data, url)
    refused = chatapp("copy", "--to", half)
    assert (refused.code, "was copied to PostgreSQL" in refused.err) == (1, True)


def test_a_copy_that_is_given_up_changes_no_epoch(chatapp: Chatapp, half: str) -> None:
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        before = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    assert chatapp("copy", "--undo").code == 0
    assert chatapp("user", "list").code == 0
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        assert connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone() == before


def test_a_server_that_goes_in_the_middle_is_a_sentence_and_the_copy_goes_on(
    chatapp: Chatapp, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh(is_migrated=True)
    with monkeypatch.context() as patch:
        patch.setattr(copying_source, "SLICE", 20)
        looked_at = Copying._looked_at
        calls = count()

        def cut(*given: Any, **named: Any) -> Any:
            if next(calls) == 3:
                databases().cut(url)
                patch.setattr(asyncpg, "connect", refused)
            return looked_at(*given, **named)

        async def refused(*_: Any, **__: Any) -> Any:
            raise ConnectionRefusedError(111, "Connect call failed")

        patch.setattr(Copying, "_looked_at", cut)
        gone = chatapp("copy", "--to", url)
    assert gone.code == 1
    assert "refused: " in gone.err
    assert "give the same command again" in gone.err
    assert HIDDEN not in gone.err + gone.out
    assert chatapp("copy", "--to", url).code == 0
    assert is_alike(chatapp.data, url)
