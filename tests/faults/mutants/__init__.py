"""Wrong builds, each a small patch, and the test that must notice it: whether the tests can fail at all."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[3]
COPIED: Final = ("chatapp", "migrations", "static", "templates", "tests", "docs", "setup.cfg", "pyproject.toml")
SECONDS: Final = 300.0
# By an assertion about the promise, not because nothing works any more.
ASSERTION: Final = re.compile(r"^E +(AssertionError|assert |Failed: DID NOT RAISE)", re.MULTILINE)


class Mutant(NamedTuple):
    """One wrong build. Its patch begins with ``Caught by: `` and a test, then says what is wrong with it."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def test(self) -> str:
        return self.path.read_text().splitlines()[0].removeprefix("Caught by: ")


def mutants() -> list[Mutant]:
    return [Mutant(path) for path in sorted(Path(__file__).parent.glob("*.patch"))]


def applies(mutant: Mutant, tree: Path) -> str:
    """What ``git apply`` would complain of; empty when the patch fits."""
    return _git_apply(mutant, tree, "--check")


def survives(mutant: Mutant, folder: Path) -> bool:
    """Build it in a folder of its own and run its test there: whether nobody notices."""
    tree = copied(folder / mutant.name)
    complaint = _git_apply(mutant, tree)
    if complaint:
        raise ValueError(f"{mutant.name} does not apply: {complaint}")
    code, output = run(tree, mutant.test)
    return not (code == 1 and ASSERTION.search(output))


def copied(folder: Path) -> Path:
    """The tree as it is now."""
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def run(tree: Path, *tests: str) -> tuple[int, str]:
    """Exit code and output of pytest."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False, timeout=SECONDS)
    return done.returncode, done.stdout + done.stderr


def _git_apply(mutant: Mutant, tree: Path, *options: str) -> str:
    # Lines around it may have changed: one of context is enough.
    words = ["git", "apply", "-C1", *options, str(mutant.path)]
    return subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False).stderr
