"""What a newcomer does with the repository works: the Makefile explains itself, a wheel serves pages anywhere."""

from __future__ import annotations

import configparser
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.support.command import SECONDS, Chatapp
from tests.support.engine import behind_its_back
from tests.support.source import PACKAGE, ROOT, SOURCES, imports, tree

DATA_FOLDERS: Final = ("locales", "migrations", "static", "templates")


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    return parser


def listed(section: str, option: str) -> list[str]:
    return setup_cfg()[section][option].split()


def recipes() -> dict[str, list[str]]:
    """Every target of the Makefile with the lines it runs."""
    found: dict[str, list[str]] = {}
    target = ""
    for line in (ROOT / "Makefile").read_text().splitlines():
        rule = re.match(r"(\.?[\w/-]+):(?!=)", line)
        if rule:
            target = rule[1]
            found[target] = []
        elif line.startswith("\t"):
            found[target].append(line)
    return {name: lines for name, lines in found.items() if name not in {".PHONY", ".DEFAULT_GOAL"}}


def made(*words: str) -> str:
    """What ``make`` prints."""
    make = shutil.which("make")
    assert make
    # The suite itself runs under make, whose children say which folder they enter.
    outside = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    return subprocess.run(
        [make, *words], cwd=ROOT, env=outside, capture_output=True, text=True, check=True, timeout=SECONDS
    ).stdout


def test_make_alone_lists_every_target() -> None:
    described = {line.split()[0] for line in made().splitlines() if len(line.split()) > 1}
    assert described == {name for name in recipes() if not name.startswith(".")}


def test_every_file_of_tests_without_a_browser_has_its_turn_on_postgresql() -> None:
    turns = [set(made("-n", "test-postgres", f"PART={number}").split()) for number in range(24)]
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py") if path.parent.name != "e2e"}
    assert files - set().union(*turns) == set()
    # None is all of them.
    assert max(len(turn & files) for turn in turns) < len(files) / 12


def test_no_target_is_over_three_lines() -> None:
    assert [name for name, lines in recipes().items() if len(lines) > 3] == []


def test_every_package_is_in_the_list() -> None:
    real = {".".join(path.parent.relative_to(ROOT).parts) for path in SOURCES if path.name == "__init__.py"}
    assert set(listed("options", "packages")) == real | {f"chatapp.{folder}" for folder in ("docs", *DATA_FOLDERS)}


def test_every_folder_of_code_is_a_package() -> None:
    assert [path.parent.name for path in SOURCES if not (path.parent / "__init__.py").exists()] == []


def test_every_library_that_is_used_is_declared() -> None:
    wanted = [*listed("options", "install_requires"), *listed("options.extras_require", "postgres")]
    wanted += [each for extra in ("push", "redis") for each in listed("options.extras_require", extra)]
    declared = {distribution(requirement) for requirement in wanted}
    by_module = importlib.metadata.packages_distributions()
    used = {name.split(".")[0] for path in SOURCES for name in imports(tree(path))}
    others = used - set(sys.stdlib_module_names) - {"chatapp"}
    assert {name for name in others if not {distribution(d) for d in by_module.get(name, [name])} & declared} == set()


def distribution(requirement: str) -> str:
    """The normalised name in a requirement (PEP 503)."""
    bare = re.split(r"[\[<>=;]", requirement)[0]
    return re.sub(r"[-_.]+", "-", bare).lower()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel from a copy of the tree, so that nothing of an earlier build gets in."""
    copy, dist = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for folder in ("chatapp", "docs", *DATA_FOLDERS):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    pip(sys.executable, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(dist), str(copy))
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment that holds the wheel, and our libraries by reference."""
    home = tmp_path_factory.mktemp("elsewhere")
    venv.create(home / "venv", with_pip=False, symlinks=True)
    python = home / "venv" / "bin" / "python"
    (site,) = (home / "venv" / "lib").glob("python*/site-packages")
    pip(sys.executable, "install", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    libraries = Path(pytest.__file__).parent.parent
    # Behind the environment's own folder, so that the wheel's chatapp is found first.
    (site / "libraries.pth").write_text(f"{libraries}\n")
    return python


def pip(python: str, *words: str) -> None:
    done = subprocess.run([python, "-m", "pip", *words], capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stderr


def test_a_wheel_holds_every_template_sheet_script_and_migration(elsewhere: Path) -> None:
    (installed,) = elsewhere.parent.parent.glob("lib/python*/site-packages/chatapp")
    for folder in DATA_FOLDERS:
        here = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if is_shipped(path)}
        there = {path.relative_to(installed) for path in (installed / folder).rglob("*") if is_shipped(path)}
        assert there == here


def is_shipped(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def test_an_installed_wheel_serves_pages(elsewhere: Path, tmp_path: Path) -> None:
    chatapp = Chatapp(tmp_path / "data", python=str(elsewhere), cwd=tmp_path, pythonpath="")
    assert str(PACKAGE) not in where_it_is(chatapp)
    with chatapp.serving() as server:
        with urllib.request.urlopen(server.setup_link) as page:
            html = page.read().decode()
        sheet = re.search(r'href="(/static/[^"]+\.css)"', html)
        assert sheet
        with urllib.request.urlopen(f"{server.url}/api/docs") as contract:
            assert contract.read() == (ROOT / "docs" / "protocol.md").read_bytes()
        with urllib.request.urlopen(server.url + sheet[1]) as css:
            assert css.headers.get_content_type() == "text/css"
            assert css.read()
    with behind_its_back(tmp_path / "data" / "chatapp.db") as database:
        assert database.execute("SELECT slug FROM rooms").fetchall() == [("general",)]


def where_it_is(chatapp: Chatapp) -> str:
    words = [chatapp.python, "-c", "import chatapp; print(chatapp.__file__)"]
    return subprocess.run(
        words, env=chatapp.environ, cwd=chatapp.cwd, capture_output=True, text=True, check=True, timeout=SECONDS
    ).stdout


class Make(Chatapp):
    """The same by the Makefile, with the environment these tests run in instead of a new one."""

    def argv(self, words: Sequence[str]) -> list[str]:
        here = ["--directory", str(ROOT), "--old-file", ".venv/run", f"BIN={Path(sys.executable).parent}"]
        return ["make", "--silent", *here, *words]


def test_make_serve_prints_an_address_that_answers(tmp_path: Path) -> None:
    with Make(tmp_path / "data").serving() as server:
        try:
            assert server.url.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(server.setup_link) as page:
                assert page.status == 200
        finally:
            # A make that is killed would leave the server behind.
            server.stop()
