"""A library that is behind is named, and the check fails as soon as that lasts longer than docs/security.md allows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from deploy import outdated
from deploy.outdated import DAYS, DAYS_REACHED, REACHED, Behind, NoAnswer, Versions, behind
from tests.support.source import ROOT

HAS = {"aiohttp": "3.14.5", "mako": "1.9.0"}
# Stands for pip: says what it was asked, in the way of an index on which Mako 1.10.0 came 10 days ago.
INDEX = """
import json, sys
words = sys.argv[1:]
assert words[:2] == ["--dry-run", "--report=-"], words
late = "--uploaded-prior-to=P30D" in words
names = [word for word in words if not word.startswith("-")]
versions = {"mako": "1.9.0" if late else "1.10.0"}
report = [{"metadata": {"name": name.title(), "version": versions.get(name, "3.14.5")}} for name in names]
print(json.dumps({"install": report}))
"""


def index(**newest: list[str]) -> list[Behind]:
    """``newest``: by library, the newest version today, and of those that had come 7 and 30 days ago."""

    def ask(names: list[str], days: int) -> Versions:
        at = [0, DAYS_REACHED, DAYS].index(days)
        return HAS | {name: versions[at] for name, versions in newest.items()}

    return list(behind(HAS, ask))


def test_what_is_the_newest_is_not_named() -> None:
    assert index() == []
    # As after a release that was taken back, or where the lock was made from somewhere else.
    assert index(mako=["1.8.0", "1.8.0", "1.8.0"]) == []


@pytest.mark.parametrize(
    ("newest", "days"),
    [
        (["1.10.0", "1.9.0", "1.9.0"], 0),
        (["1.10.0", "1.10.0", "1.9.0"], 7),
        (["1.11.0", "1.10.0", "1.9.0"], 7),
        (["1.11.0", "1.11.0", "1.10.0"], 30),
        (["1.10.0", "1.9.0", "1.8.0"], 0),
    ],
)
def test_how_long_it_is_behind_counts_from_the_first_newer_release(newest: list[str], days: int) -> None:
    assert index(mako=newest) == [Behind("mako", "1.9.0", newest[0], days)]


@pytest.mark.parametrize(
    ("name", "days", "is_late"),
    [
        *[("mako", 0, False), ("mako", 7, False), ("mako", 30, True)],
        *[("aiohttp", 0, False), ("aiohttp", 7, True), ("aiohttp", 30, True)],
    ],
)
def test_it_may_be_behind_for_as_long_as_is_written(name: str, days: int, is_late: bool) -> None:
    found = Behind(name, "1.9.0", "1.10.0", days)
    assert found.is_late == is_late
    assert str(found).endswith("too long") == is_late
    assert str(found).startswith(f"{name} 1.9.0 is behind 1.10.0 for ")


def test_silence_about_one_is_no_answer() -> None:
    for silent in (0, DAYS_REACHED, DAYS):

        def ask(names: list[str], days: int, silent: int = silent) -> Versions:
            return {"aiohttp": "3.14.5"} if days == silent else HAS

        with pytest.raises(NoAnswer, match="mako"):
            list(behind(HAS, ask))


def pretend(program: str, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    path.write_text(program)
    monkeypatch.setattr(outdated, "PIP", (sys.executable, str(path), "--dry-run", "--report=-"))


def test_a_late_one_fails_the_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(INDEX, monkeypatch, tmp_path / "pip.py")
    for has, status, said in (
        (HAS, 0, "mako 1.9.0 is behind 1.10.0 for more than 7 days\n1 of 2 libraries are the newest there are.\n"),
        (HAS | {"mako": "1.10.0"}, 0, "2 of 2 libraries are the newest there are.\n"),
        (HAS | {"mako": "1.8.0"}, 1, "for more than 30 days: too long\n1 of 2 libraries are the newest there are.\n"),
        (HAS | {"aiohttp": "3.14.4"}, 1, "aiohttp 3.14.4 is behind 3.14.5 for more than 30 days: too long\n"),
    ):
        monkeypatch.setattr(outdated, "locked", lambda has=has: has)
        assert outdated.main() == status
        assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('ERROR: No matching distribution found for aiohttp')", "found for aiohttp\n"),
        ("import sys; sys.exit(1)", "pip is silent.\n"),
        ("print('{\"install\": []}')", "no answer about aiohappyeyeballs.\n"),
    ],
)
def test_no_answer_is_said_and_is_no_yes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], program: str, said: str
) -> None:
    pretend(program, monkeypatch, tmp_path / "pip.py")
    assert outdated.main() == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("The index gave no answer about")
    assert printed.err.endswith(said)


def test_it_asks_about_everything_a_chat_is_made_of() -> None:
    lock = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert set(lock) < outdated.locked().keys()
    assert {"uvloop", "asyncpg", *REACHED} <= outdated.locked().keys()


def test_the_times_are_those_that_are_written() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    section = page.split("\n## Newer releases\n")[1].split("\n## ")[0]
    soon, later = re.findall(r"^\| (.*) \| (\d+) days \|$", section, re.MULTILINE)
    assert (int(soon[1]), int(later[1])) == (DAYS_REACHED, DAYS)
    assert set(re.findall(r"`([\w-]+)`", soon[0])) == REACHED
    policy = (ROOT / "SECURITY.md").read_text()
    assert re.search(rf"{DAYS_REACHED}\s+days after .*\s{DAYS}\s", policy, re.DOTALL)
