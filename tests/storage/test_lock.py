"""A folder with a database file belongs to one process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatapp.storage.sqlite import AlreadyRunning, locked

pytestmark = pytest.mark.file_only("a server is shared")


def test_a_second_process_is_refused_with_the_number_of_the_first(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\) is using {tmp_path}\."),
        locked(tmp_path),
    ):
        raise AssertionError


def test_the_lock_goes_with_its_holder(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path):
            assert (tmp_path / "chatapp.lock").read_text() == str(os.getpid())
