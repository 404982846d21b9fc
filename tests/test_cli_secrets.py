"""Old keys go when it is said, and whoever says it knows what goes with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Chatapp


@pytest.fixture
def chatapp(tmp_path: Path) -> Chatapp:
    return Chatapp(tmp_path / "data")


def kept(chatapp: Chatapp) -> str:
    return (chatapp.data / "secrets.json").read_text()


def test_old_keys_are_not_forgotten_unasked(chatapp: Chatapp) -> None:
    assert chatapp("secrets", "rotate").code == 0
    before = kept(chatapp)
    refused = chatapp("secrets", "forget-old")
    assert (refused.code, refused.out, kept(chatapp)) == (1, "", before)
    assert "logs out everybody" in refused.err
    assert "--yes" in refused.err
    done = chatapp("secrets", "forget-old", "--yes")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Forgot 3 old keys. ")
    assert kept(chatapp) != before


def test_where_there_are_no_old_keys_nothing_is_asked(chatapp: Chatapp) -> None:
    result = chatapp("secrets", "forget-old")
    assert (result.code, result.out, result.err) == (0, "There are no old keys.\n", "")


@pytest.mark.file_only("there it is secrets.differ: tests/postgres/test_keys.py")
def test_keys_that_were_lost_are_told_of_once(chatapp: Chatapp) -> None:
    def told() -> int:
        return chatapp("user", "list").err.count("secrets.changed")

    assert told() == 0
    (chatapp.data / "secrets.json").unlink()
    assert [told(), told()] == [1, 0]
