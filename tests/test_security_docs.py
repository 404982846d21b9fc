"""Holds docs/security.md to the code: every row of the standard once, every file and test it names, every number."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.metadata
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

from chatapp.core import validation
from chatapp.core.limits import ACTS
from chatapp.settings import Settings
from chatapp.storage import tables
from tests.support.source import PACKAGE, ROOT, SOURCES, functions, imports, tree

PAGE: Final = (ROOT / "docs" / "security.md").read_text()
# ASVS 5.0.0: for each section the levels of its rows, in order; 3 is not our aim.
LEVELS: Final = {
    "1.1": "22",
    "1.2": "1111122223",
    "1.3": "112222222223",
    "1.4": "222",
    "1.5": "123",
    "2.1": "122",
    "2.2": "112",
    "2.3": "12223",
    "2.4": "23",
    "3.1": "3",
    "3.2": "113",
    "3.3": "12223",
    "3.4": "11222233",
    "3.5": "11122333",
    "3.6": "3",
    "3.7": "22333",
    "4.1": "12233",
    "4.2": "23333",
    "4.3": "22",
    "4.4": "1222",
    "5.1": "2",
    "5.2": "112333",
    "5.3": "113",
    "5.4": "222",
    "6.1": "122",
    "6.2": "111111112222",
    "6.3": "11223333",
    "6.4": "112233",
    "6.5": "22222333",
    "6.6": "2223",
    "6.7": "33",
    "6.8": "2222",
    "7.1": "222",
    "7.2": "1111",
    "7.3": "22",
    "7.4": "11222",
    "7.5": "223",
    "7.6": "22",
    "8.1": "1233",
    "8.2": "1123",
    "8.3": "133",
    "8.4": "23",
    "9.1": "111",
    "9.2": "1222",
    "11.1": "2233",
    "11.2": "22233",
    "11.3": "11233",
    "11.4": "1222",
    "11.5": "23",
    "11.6": "23",
    "11.7": "33",
    "12.1": "12233",
    "12.2": "11",
    "12.3": "22223",
    "13.1": "2333",
    "13.2": "222223",
    "13.3": "2233",
    "13.4": "1222233",
    "14.1": "22",
    "14.2": "12223333",
    "14.3": "122",
    "15.1": "12233",
    "15.2": "12233",
    "15.3": "1222222",
    "15.4": "3333",
    "16.1": "2",
    "16.2": "22222",
    "16.3": "2222",
    "16.4": "222",
    "16.5": "2223",
}
VERDICTS: Final = ("met", "n/a", "open")
LOG_LEVELS: Final = {"debug", "info", "warning", "error", "exception"}
CRYPTOGRAPHY: Final = {"cryptography", "hashlib", "hmac", "jwt", "secrets"}
# Numbers of docs/security.md that stand in words behind the name of their rule.
LENGTHS: Final = {
    "display_name": validation.LONGEST_NAME,
    "email": validation.LONGEST_EMAIL,
    "slug": validation.LONGEST_SLUG,
    "topic": validation.LONGEST_TOPIC,
}

Row = tuple[str, str, str, str]


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def cells(text: str) -> list[list[str]]:
    """The rows of the tables in ``text``, headings left out."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("| ---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def requirements() -> list[Row]:
    return [(row[0], row[1], row[2], row[3]) for row in cells(section("ASVS 5.0")) if re.match(r"\d", row[0])]


def verdict(row: Row) -> str:
    return row[3].partition(":")[0]


def named_files(text: str) -> list[Path]:
    return [ROOT / path for path in re.findall(r"`((?:\w+/)*[\w.]+\.(?:py|js|html|md|cfg|txt))`", text)]


def named_tests(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)


@cache
def known_tests(path: str) -> frozenset[str]:
    if not (ROOT / path).is_file():
        return frozenset()
    return frozenset(each.name for each in functions(tree(ROOT / path)) if each.name.startswith("test_"))


def missing(text: str) -> list[str]:
    """The files and tests named there that do not exist."""
    files = [str(path) for path in named_files(text) if not path.is_file()]
    return files + [f"{path}::{name}" for path, name in named_tests(text) if name not in known_tests(path)]


def test_every_row_of_the_first_two_levels_is_there_once() -> None:
    wanted = [
        (f"{number}.{index}", level)
        for number, levels in LEVELS.items()
        for index, level in enumerate(levels, 1)
        if level != "3"
    ]
    assert len(wanted) == 217
    assert [(number, level) for number, level, *_ in requirements()] == wanted


def test_every_row_has_a_verdict_and_words_for_it() -> None:
    wrong = [row[0] for row in requirements() if verdict(row) not in VERDICTS or len(row[3].split()) < 3 or not row[2]]
    assert wrong == []


def test_what_is_met_names_a_file_and_a_test() -> None:
    met = [row for row in requirements() if verdict(row) == "met"]
    assert [row[0] for row in met if not named_files(row[3]) or not named_tests(row[3])] == []


def test_every_file_and_test_that_is_named_exists() -> None:
    assert missing(PAGE) == []
    assert missing((ROOT / "SECURITY.md").read_text()) == []


def test_a_name_that_does_not_exist_is_seen() -> None:
    assert missing("`chatapp/nowhere.py` `tests/test_house.py::test_nothing`") == [
        str(ROOT / "chatapp/nowhere.py"),
        "tests/test_house.py::test_nothing",
    ]


def test_the_counts_are_those_of_the_rows() -> None:
    counted = Counter((row[0].split(".")[0], verdict(row), row[1]) for row in requirements())
    written = {row[0].split()[0].removeprefix("V"): row[1:] for row in cells(section("Counts"))[1:]}
    for chapter, numbers in written.items():
        real = [
            ", ".join(
                str(sum(n for (c, v, lv), n in counted.items() if chapter in {c, "all"} and (v, lv) == (kind, level)))
                for level in "12"
            )
            for kind in VERDICTS
        ]
        assert (chapter, numbers) == (chapter, real)
    assert written.keys() == {chapter for chapter, *_ in counted} | {"all"}


def test_what_is_open_is_said_at_the_top() -> None:
    said = re.search(r"^Open: ([\d., ]+)\.$", PAGE, re.MULTILINE)
    assert said
    assert said[1].split(", ") == [row[0] for row in requirements() if verdict(row) == "open"]


def test_what_went_wrong_elsewhere_is_tried_here_or_cannot_be() -> None:
    found = {row[0]: row[2] for row in cells(section("What went wrong elsewhere"))[1:]}
    assert list(found) == [str(number) for number in range(1, 63)]
    assert [number for number, here in found.items() if not named_tests(here) and "not applicable: " not in here] == []


def test_every_rule_for_a_field_is_written() -> None:
    rules = {row[0].strip("`"): row[1] for row in cells(section("Fields"))[1:]}
    checks = {each.name for each in functions(tree(PACKAGE / "core" / "validation.py")) if each.name[0] != "_"}
    assert checks - {"is_username", "derive_slug", "together"} <= rules.keys()
    assert {name: number for name, number in LENGTHS.items() if str(number) not in rules[name]} == {}


def test_every_limit_is_written() -> None:
    text = section("Limits")
    numbers = {f"CHATAPP_{name.upper()}" for name, kind in Settings.__annotations__.items() if kind == "int"}
    assert {name for name in numbers - {"CHATAPP_PORT"} if f"`{name}`" not in text} == set()
    acts = {row[0].strip("`"): (int(row[1]), int(row[2])) for row in cells(text) if row[0].strip("`") in ACTS}
    assert acts == ACTS
    constants = {
        row[0].strip("`"): int(row[1]) for row in cells(text) if re.fullmatch(r"`\w+(\.\w+)+`", row[0]) and len(row) > 2
    }
    assert len(constants) >= 10
    for name, value in constants.items():
        module, _, constant = name.rpartition(".")
        assert (name, getattr(importlib.import_module(f"chatapp.{module}"), constant)) == (name, value)


def test_every_table_of_the_database_is_in_a_class() -> None:
    written = [name for row in cells(section("Data"))[1:] for name in re.findall(r"`(\w+)`", row[1])]
    assert sorted(written) == sorted(tables.metadata.tables)


def test_every_use_of_cryptography_is_written() -> None:
    written = {row[0].strip("`") for row in cells(section("Keys"))[1:]}
    real = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if {name.split(".")[0] for name in imports(tree(path))} & CRYPTOGRAPHY
    }
    assert written == real


def test_every_library_is_written() -> None:
    text = section("Libraries")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    direct = [Requirement(line) for line in parser["options"]["install_requires"].split()]
    names = {normal(each.name) for each in direct}
    assert {normal(row[0].strip("`")) for row in cells(text)[1:]} == names
    brought = set(re.findall(r"`([\w.-]+)`", text.split("They bring ")[1].split(". `uvloop`")[0]))
    # Some are for some versions of Python only.
    assert {name for each in direct for name in brings(each)} - names <= brought


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brings(requirement: Requirement) -> Iterator[str]:
    """What a library needs, and what that needs in turn, on this machine."""
    extras = requirement.extras or {""}
    for line in importlib.metadata.requires(requirement.name) or []:
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            yield normal(needed.name)
            yield from brings(needed)


def test_every_line_of_the_log_is_written() -> None:
    written = {row[0].strip("`") for row in cells(section("Logs"))[1:]}
    assert written == {event for path in SOURCES for event in logged(tree(path))}


def logged(module: ast.Module) -> Iterator[str]:
    """The events a module writes to the log."""
    if "structlog" not in {name.split(".")[0] for name in imports(module)}:
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function, event = node.func, node.args[0].value
            is_level = isinstance(function, ast.Attribute) and function.attr in LOG_LEVELS
            is_chosen = isinstance(function, ast.Name) and function.id == "write"
            if (is_level or is_chosen) and isinstance(event, str):
                yield event


@pytest.mark.parametrize("title", ["Fields", "Limits", "Ways in", "Who may what", "Data", "Keys", "Libraries", "Logs"])
def test_every_section_that_a_row_leans_on_is_there(title: str) -> None:
    assert cells(section(title))
