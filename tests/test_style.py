"""Holds the code to the sizes and names of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.source import NAMES, ROOT, SOURCES, Function, functions, lines, tree

VAGUE: Final = {"utils", "util", "helpers", "helper", "managers", "manager", "base", "common", "misc"}
LONGEST_FILE: Final = 300
LONGEST_FUNCTION: Final = 40
LONGEST_HANDLER: Final = 15


@pytest.mark.parametrize("path", sorted(ROOT.glob("chatapp/web/*/**/*.py")), ids=lambda path: path.name)
def test_a_handler_is_a_translator(path: Path) -> None:
    long = [f.name for f in functions(tree(path)) if is_handler(f) and lines(f) > LONGEST_HANDLER]
    assert long == []


def is_handler(function: Function) -> bool:
    arguments = [argument.arg for argument in function.args.args]
    return arguments == ["request"] and isinstance(function, ast.AsyncFunctionDef)


def ours() -> Iterator[Path]:
    for folder in ("chatapp", "tests", "bench", "migrations", "docs", "static", "templates"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".js", ".css", ".html"} and "vendor" not in path.parts:
                yield path


def test_no_file_is_too_long() -> None:
    assert [path.name for path in ours() if len(path.read_text().splitlines()) > LONGEST_FILE] == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{path.name}:{function.name}"
        for path in ours()
        if path.suffix == ".py" and "versions" not in path.parts
        for function in functions(tree(path))
        if lines(function) > LONGEST_FUNCTION
    ]
    assert long == []


def test_most_functions_are_short() -> None:
    sizes = sorted(lines(function) for path in SOURCES for function in functions(tree(path)))
    assert statistics.median(sizes) <= 8
    assert sizes[int(len(sizes) * 0.9)] <= 20


def test_nothing_is_named_vaguely() -> None:
    assert [name for path, name in zip(SOURCES, NAMES, strict=True) if path.stem in VAGUE] == []


def test_every_module_says_what_it_is_for() -> None:
    written = [path for path in SOURCES if path.read_text().strip()]
    assert [path.name for path in written if not ast.get_docstring(tree(path))] == []
