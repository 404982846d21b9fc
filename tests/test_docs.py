"""Holds the documents to the code, in both directions: what is written exists, and what exists is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from chatapp import __version__
from chatapp.core.errors import ChatError
from chatapp.core.events import PROTOCOL, Close, Event, Limits, User, WireMessage
from chatapp.gateway import commands, registry
from docs import reference
from tests.support.source import ROOT

DOCS: Final = ROOT / "docs"
PROTOCOL_PAGE: Final = (DOCS / "protocol.md").read_text()
GROUPS: Final = "user|room|token|invite|secrets"
README: Final = (ROOT / "README.md").read_text()
PAGES: Final = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def rows(page: str, first_cell: str) -> list[list[str]]:
    """The cells of the table whose heading begins with that word."""
    lines = page.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_cell} |")) + 2
    end = next(number for number, line in enumerate([*lines, ""]) if number >= start and not line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[start:end]]


def words(cell: str) -> set[str]:
    """What stands in code marks in a cell."""
    return set(re.findall(r"`([^`]+)`", cell))


def name(cell: str) -> str:
    return cell.strip("` ")


def fields(struct: type[msgspec.Struct]) -> set[str]:
    return set(struct.__struct_encode_fields__)


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


@pytest.mark.parametrize("page", ["settings.md", "cli.md", "routes.md"])
def test_generated_pages_are_fresh(page: str) -> None:
    assert (DOCS / page).read_text() == reference.PAGES[page](), "Run: make docs"


def test_every_action_is_in_the_protocol() -> None:
    commands.load()
    written = {name(row[0]): words(row[1]) - {"true", "false"} for row in rows(PROTOCOL_PAGE, "action")}
    assert written == {action: fields(schema) - {"ref"} for action, schema in registry.actions().items()}


def test_every_event_is_in_the_protocol() -> None:
    written = {name(row[0]): words(row[1]) for row in rows(PROTOCOL_PAGE, "event")}
    assert written == {str(kind.__struct_config__.tag): fields(kind) for kind in subclasses(Event)}


def test_the_message_object_is_in_the_protocol() -> None:
    assert {name(row[0]) for row in rows(PROTOCOL_PAGE, "field")} == fields(WireMessage)


def test_the_objects_inside_hello_are_in_the_protocol() -> None:
    for struct in (User, Limits):
        assert "{" + ", ".join(f'"{field}"' for field in struct.__struct_encode_fields__) + "}" in PROTOCOL_PAGE


def test_every_error_is_in_the_protocol() -> None:
    written = {(name(row[0]), int(row[1])) for row in rows(PROTOCOL_PAGE.split("## 6.")[1], "code")}
    assert written == {(kind.code, kind.status) for kind in subclasses(ChatError)}


def test_every_close_code_is_in_the_protocol() -> None:
    written = {int(row[0]) for row in rows(PROTOCOL_PAGE.split("### Close codes")[1], "code")}
    assert written == {code for code in vars(Close).values() if isinstance(code, int)}


def test_every_rest_route_is_in_the_protocol() -> None:
    written = {name(row[0]) for row in rows(PROTOCOL_PAGE.split("## 5.")[1], "route")}
    real = {f"{method} {path}" for method, path, _ in reference.routes() if path.startswith("/api/v1/")}
    assert written == real


def test_the_protocol_names_its_version() -> None:
    assert f"in the `hello` frame; it is {PROTOCOL}." in PROTOCOL_PAGE


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first
    assert first[1] == __version__


@pytest.mark.parametrize("example", sorted((DOCS / "examples").iterdir()), ids=lambda path: path.name)
def test_the_readme_shows_the_examples_that_are_run(example: Path) -> None:
    assert example.read_text() in README


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"", page.read_text())
    local = [one or other for one, other in targets if not re.match(r"\w+:", one or other)]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_the_checklist_names_tests_that_exist() -> None:
    written = rows((DOCS / "ux-checklist.md").read_text(), "row")
    numbers = [int(number) for number, _, _ in written]
    assert numbers == sorted(set(numbers))
    for number, _, shown in written:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", shown)
        assert tests or shown.startswith("not built: "), number
        for path, test in tests:
            assert re.search(rf"def {test}\(", (ROOT / path).read_text()), (number, test)


def test_every_decision_says_why_and_what_follows() -> None:
    decisions = sorted((DOCS / "decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        assert re.findall(r"^## (.+)", path.read_text(), re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_commands_in_the_documents_exist() -> None:
    """Every ``chatapp <words>`` in a code block is a command of the command line."""
    used = {
        found
        for page in PAGES
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
        for found in re.findall(
            r"(?:^|-m )(chatapp (?:(?:user|room|token|invite|secrets) )?[a-z-]+)", block, re.MULTILINE
        )
    }
    assert used <= reference.command_paths()
    assert used


def test_a_command_is_written_as_it_is_typed() -> None:
    typed = re.findall(r"^chatapp .*|`chatapp [^`]+`", "\n".join(page.read_text() for page in PAGES), re.MULTILINE)
    assert len(typed) >= 10
    assert [page.name for page in PAGES if "python -m chatapp " in page.read_text()] == []
