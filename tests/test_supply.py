"""What is installed, by version and hash, and that nothing hangs on what ``-O`` takes away."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path
from typing import Final

import pytest

from tests.support.source import ROOT, SOURCES, tree

LOCK: Final = ROOT / "requirements.lock"
NARROWING: Final = re.compile(r"assert (?:isinstance\([\w., ]+\)|[\w.]+ is not None)")
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def wanted() -> dict[str, str]:
    """What setup.cfg asks for: the oldest version taken, by name."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    found = {}
    for line in config["options"]["install_requires"].split():
        name, _, version = line.partition(">=")
        found[name.partition("[")[0].lower()] = version
    return found


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_assertion_decides_anything(path: Path) -> None:
    """They vanish with ``-O``: one may tell the type checker what is so, and do nothing else."""
    assertions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)]
    assert [ast.unparse(node) for node in assertions if not NARROWING.fullmatch(ast.unparse(node))] == []


def test_the_lock_holds_what_the_program_asks_for_and_a_hash_for_each() -> None:
    text = LOCK.read_text()
    pinned = {name.lower(): version for name, version in PINNED.findall(text)}
    for name, oldest in wanted().items():
        assert numbers(pinned[name]) >= numbers(oldest), name
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    unproved = [block for block in blocks if PINNED.match(block) and "--hash=sha256:" not in block]
    assert unproved == []
    assert len(pinned) > len(wanted())


def test_the_question_for_known_holes_is_about_the_lock_and_takes_no_silence_for_an_answer() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\nadvisories:")[1].split("\n\n")[0]
    (question,) = [line.split() for line in recipe.splitlines() if "bin/pip-audit --" in line]
    # Without --strict it ends well also where nothing was found out about anything.
    assert {"--strict", "requirements.lock"} <= set(question)
