"""The keys of an installation: made once, for its owner's eyes only."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chatapp.storage import secrets
from chatapp.storage.secrets import Secrets, SecretsError


def test_the_first_start_makes_them_and_every_other_finds_them(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "data"
    made = secrets.load(folder)
    assert secrets.load(folder) == made
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / secrets.FILE).stat().st_mode & 0o777 == 0o600


def test_two_installations_share_no_key(tmp_path: Path) -> None:
    def keys(of: Secrets) -> set[str]:
        return {*of.session_keys, *of.jwt_keys.values(), of.csrf_key}

    one, other = secrets.load(tmp_path / "one"), secrets.load(tmp_path / "other")
    assert len(keys(one)) == 3
    assert not keys(one) & keys(other)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    secrets.load(tmp_path)
    (tmp_path / secrets.FILE).chmod(mode)
    with pytest.raises(SecretsError, match="chmod 600"):
        secrets.load(tmp_path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    secrets.load(tmp_path)
    path = tmp_path / secrets.FILE
    good = json.loads(path.read_text())
    for damage in (b"", b"{", b"[]", b"\xff\xfe", json.dumps({**good, "csrf_key": 7}).encode()):
        path.write_bytes(damage)
        with pytest.raises(SecretsError, match="damaged"):
            secrets.load(tmp_path)


@pytest.mark.parametrize(
    "weakness",
    [{"session_keys": []}, {"jwt_keys": {}}, {"csrf_key": ""}, {"csrf_key": "c2hvcnQ="}, {"jwt_keys": {"a": "secret"}}],
)
def test_a_weak_or_missing_key_is_refused(tmp_path: Path, weakness: dict[str, Any]) -> None:
    secrets.load(tmp_path)
    path = tmp_path / secrets.FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **weakness}))
    with pytest.raises(SecretsError, match="32 bytes"):
        secrets.load(tmp_path)


def test_no_link_that_was_laid_out_beforehand_is_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    data = tmp_path / "data"
    data.mkdir()
    (data / secrets.FILE).symlink_to(elsewhere)
    with pytest.raises(SecretsError):
        secrets.load(data)
    assert not elsewhere.exists()


def test_of_many_first_starts_at_once_one_makes_the_keys(tmp_path: Path) -> None:
    # On PostgreSQL several processes may share the folder, which no lock holds then.
    for number in range(50):
        with ThreadPoolExecutor(8) as pool:
            folder = tmp_path / f"{number}"
            found = {
                json.dumps(made.jwt_keys) for made in pool.map(lambda _, folder=folder: secrets.load(folder), range(8))
            }
        assert len(found) == 1
        assert [path.name for path in folder.iterdir()] == [secrets.FILE]


def test_new_keys_stand_in_front_of_the_old_ones(tmp_path: Path) -> None:
    old = secrets.load(tmp_path)
    new = secrets.rotate(tmp_path)
    assert secrets.load(tmp_path) == new
    assert new.session_keys[1:] == old.session_keys
    assert list(new.jwt_keys.items())[1:] == list(old.jwt_keys.items())
    assert new.csrf_keys[1:] == old.csrf_keys
    assert new.count_of_old == 3
    assert not {*new.session_keys[:1], *new.csrf_keys[:1]} & {*old.session_keys, *old.csrf_keys}
    assert (tmp_path / secrets.FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [secrets.FILE]


def test_the_old_ones_can_be_forgotten(tmp_path: Path) -> None:
    secrets.load(tmp_path)
    secrets.rotate(tmp_path)
    new = secrets.rotate(tmp_path)
    kept = secrets.forget_old(tmp_path)
    assert secrets.load(tmp_path) == kept
    assert (kept.session_keys[0], kept.csrf_keys[0]) == (new.session_keys[0], new.csrf_keys[0])
    assert kept.jwt_keys == dict([next(iter(new.jwt_keys.items()))])
    assert kept.count_of_old == 0


def test_a_rotation_that_fails_leaves_the_keys_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = secrets.load(tmp_path)

    def broken(_descriptor: int) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="disk full"):
            secrets.rotate(tmp_path)
    assert secrets.load(tmp_path) == old
    # What was left lying there does not stand in the way.
    assert secrets.rotate(tmp_path).csrf_keys[1:] == old.csrf_keys


def test_a_rotation_follows_no_link_that_somebody_laid_out(tmp_path: Path) -> None:
    secrets.load(tmp_path / "data")
    (tmp_path / "data" / "secrets.json.new").symlink_to(tmp_path / "elsewhere")
    secrets.rotate(tmp_path / "data")
    assert not (tmp_path / "elsewhere").exists()
