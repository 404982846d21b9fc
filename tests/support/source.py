"""The program as its own tests read it: files, imports, functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
PACKAGE: Final = ROOT / "chatapp"
SOURCES: Final = sorted(PACKAGE.rglob("*.py"))
NAMES: Final = [path.relative_to(ROOT).as_posix() for path in SOURCES]
# The newest revision of the database.
SCHEMA: Final = sorted((ROOT / "migrations" / "versions").glob("*.py"))[-1].name[:4]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imports(module: ast.Module) -> Iterator[str]:
    """Every imported name in full, those of functions and of TYPE_CHECKING blocks included."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "Write imports in full."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(module: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def is_async(module: ast.Module) -> bool:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    return any(isinstance(node, kinds) for node in ast.walk(module))
