"""The commands that look after the database: they say what they did, and nothing is lost by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Chatapp
from tests.support.damage import behind_its_back


@pytest.fixture
def chatapp(tmp_path: Path) -> Chatapp:
    """With an account in it."""
    chatapp = Chatapp(tmp_path / "data", cwd=tmp_path)
    made = chatapp("user", "add", "ada", "--email", "ada@example.org", "--password-stdin", stdin="correct horse")
    assert made.code == 0, made.err
    return chatapp


def test_an_audit_of_a_sound_file_ends_with_0_also_beside_a_server(chatapp: Chatapp) -> None:
    with chatapp.serving() as server:
        result = chatapp("audit")
        assert server.stop() == 0
    assert (result.code, result.err) == (0, "")
    assert result.out == "1 rooms, 0 messages, schema 0004: nothing wrong.\n"


def test_an_audit_prints_every_finding_and_ends_with_1(chatapp: Chatapp, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes((chatapp.data / "chatapp.db").read_bytes())
    with behind_its_back(copy) as connection:
        connection.execute("UPDATE rooms SET last_index = 3")
    result = chatapp("audit", str(copy))
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines() == [
        "Room general: messages 1 to 3 are missing.",
        "1 rooms, 0 messages, schema 0004: 1 findings.",
    ]
    assert chatapp("audit").code == 0


def test_an_audit_of_no_file_is_a_sentence(chatapp: Chatapp) -> None:
    result = chatapp("audit", "absent.db")
    assert (result.code, result.out, result.err) == (1, "", "absent.db: No such file or directory.\n")
