"""What is installed and listed, by version and hash; nothing hangs on what ``-O`` takes away, nobody asks for it."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import re
from pathlib import Path
from typing import Final

import pytest
from aiohttp.http import HttpRequestParser

from deploy import sbom
from tests.support.source import ROOT, SOURCES, tree

LOCK: Final = ROOT / "requirements.lock"
NARROWING: Final = re.compile(r"assert (?:isinstance\([\w., ]+\)|[\w.]+ is not None)")
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
# How a chat is built, tried and started.
RECIPES: Final = (
    *(path for path in sorted((ROOT / "deploy").iterdir()) if path.is_file()),
    *(ROOT / name for name in ("Makefile", ".ci/run", "README.md", "CONTRIBUTING.md", "docs/operating.md")),
)
# An interpreter called with -O or -OO, or the variables that do the same or take aiohttp's parser away.
WEAKENED: Final = re.compile(
    r"\bpython[\d.]*[\"']?,?(?:\s+[\"']?-\w+[\"']?,?)*?\s+[\"']?-[a-zA-NP-Z]*O|(?:PYTHONOPTIMIZE|AIOHTTP_NO_EXTENSIONS)[\"']?\s*[=:]"
)


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


def test_this_run_has_what_a_server_must_have() -> None:
    """No plain assertion: with ``-O`` it would not be there to fail."""
    if not __debug__:
        pytest.fail("Python runs with -O.")
    assert HttpRequestParser.__module__ == "aiohttp._http_parser"
    found = {name: importlib.metadata.version(name) for name in wanted()}
    assert [name for name, oldest in wanted().items() if numbers(found[name]) < numbers(oldest)] == []
    # CVE-2025-69227 and those that came after it are mended from here on.
    assert numbers(wanted()["aiohttp"]) >= (3, 14, 2)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_recipe_takes_checks_or_the_parser_away(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if WEAKENED.search(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "python -O -m chatapp serve",
        "/opt/chatapp/bin/python3.11 -P -OO -m chatapp",
        'ENTRYPOINT ["python", "-O", "-m", "chatapp"]',
        "ExecStart=/usr/bin/python3 -IO -m chatapp serve",
        "Environment=PYTHONOPTIMIZE=1",
        "  PYTHONOPTIMIZE: 1",
        "export AIOHTTP_NO_EXTENSIONS=1",
    ],
)
def test_a_recipe_that_does_is_seen(line: str) -> None:
    assert WEAKENED.search(line)


def test_the_list_of_materials_is_that_of_the_lock() -> None:
    bill = sbom.bill()
    listed = {part["name"]: part["version"] for part in bill["components"] if part["scope"] == "required"}
    assert listed == dict(PINNED.findall(LOCK.read_text()))
    optional = {part["name"] for part in bill["components"] if part["scope"] == "optional"}
    assert {"asyncpg", "redis", "uvloop"} <= optional
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(references) == len(set(references))
    (itself,) = bill["dependencies"]
    assert itself["ref"] == bill["metadata"]["component"]["bom-ref"]
    assert set(itself["dependsOn"]) <= set(references)
    assert len(itself["dependsOn"]) == len(wanted())
