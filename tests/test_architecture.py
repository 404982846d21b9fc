"""Holds the code to docs/architecture.md: who may import whom, and which library lives where."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.source import NAMES, PACKAGE, SOURCES, imports, is_async, tree

EVERYWHERE: Final = {"__init__", "places", "settings"}
MAY_IMPORT: Final = {
    "__init__": set[str](),
    "lines": set[str](),
    "logs": {"lines"},
    "places": set[str](),
    "addresses": set[str](),
    "settings": {"addresses"},
    "core": {"core"},
    "bench": {"bench"},
    "storage": {"storage", "core"},
    "realtime": {"realtime", "core"},
    "domain": {"domain", "core", "storage", "realtime"},
    "keys": {"core", "domain", "gateway"},
    "web": {"web", "core", "domain", "keys"},
    "gateway": {"gateway", "core", "domain", "realtime", "keys"},
    "jobs": {"jobs", "core", "domain", "realtime", "lines"},
    "app": {"core", "storage", "realtime", "domain", "web", "gateway", "jobs", "keys", "logs"},
    "serving": {"app", "web", "keys", "logs"},
    "__main__": {"cli"},
    "cli": {
        "cli",
        "bench",
        "core",
        "storage",
        "realtime",
        "domain",
        "web",
        "gateway",
        "jobs",
        "keys",
        "logs",
        "app",
        "serving",
    },
}
# Where they name what belongs together: each may import every noun of its own floor.
ASSEMBLING: Final = {"domain/access.py", "domain/chat.py"}
NOUNS: Final = {
    *("accounts", "audit_log", "bots", "direct", "invites", "links", "memberships", "messages", "notifications"),
    *("people", "reactions", "rooms", "search", "sessions", "sign_in", "tickets", "tokens", "files", "administration"),
}
ONLY_IN: Final = {
    "sqlalchemy": ("storage/",),
    "aiosqlite": ("storage/",),
    "asyncpg": ("storage/",),
    "alembic": ("storage/migrate.py",),
    "redis": ("realtime/redis_bus.py",),
    "aiohttp": ("web/", "gateway/", "jobs/", "app.py", "serving.py", "keys.py"),
    "aiohttp_jinja2": ("web/", "app.py"),
    "jinja2": ("web/",),
    "aiohttp_session": ("web/", "app.py"),
    "aiosmtplib": ("jobs/",),
    "click": ("cli/",),
    "jwt": ("core/tokens.py", "core/push.py"),
    "cryptography": ("core/sealing.py", "core/passwords.py", "core/push.py"),
    "http_ece": ("core/push.py",),
    "PIL": ("storage/redrawing.py",),
    "linkify_it": ("core/text/",),
    "markdown_it": ("core/text/",),
}
NOT_PURE: Final = {"asyncio", "socket", "ssl", "subprocess", "sqlite3", "threading", "urllib.request", "http"}

# These take the room itself, which only access hands out.
ALREADY_LET_IN: Final = {"Messages.missed", "Messages.newest", "Messages.next_changes", "Messages.next_posts"}
# What a person does before the chat knows who they are, what the machine itself asks, and the command line.
WITHOUT_ACTOR: Final = {
    "Accounts.add",
    "Accounts.everyone",
    "Accounts.is_empty",
    "Accounts.register",
    "Accounts.set_up",
    "Invites.is_usable",
    *ALREADY_LET_IN,
    "AuditLog.latest",
    "Links.is_alive",
    "Links.request_reset",
    "Links.reset",
    "Links.send_reset",
    "Links.verify",
    "SignIn.by_session",
    "SignIn.by_token",
    "SignIn.check_password",
    "SignIn.start_session",
    "SignIn.with_password",
    "Tickets.use",
}


def place(path: Path) -> str:
    """The floor a file is on, or its own name where it stands alone."""
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def target(name: str) -> str | None:
    """The floor an imported name is on; None for other people's code."""
    first, *rest = name.split(".")
    if first != "chatapp":
        return None
    return rest[0] if rest and rest[0] in MAY_IMPORT else "__init__"


def climbs(floor: str, module: ast.Module) -> list[str]:
    """Imports that do not go downward."""
    allowed = MAY_IMPORT[floor] | EVERYWHERE
    return [name for name in imports(module) if target(name) not in allowed | {None}]


def neighbours(path: Path, module: ast.Module) -> list[str]:
    """Nouns that a noun imports on its own floor."""
    inside = path.relative_to(PACKAGE)
    own = inside.parent.parts
    if inside.as_posix() in ASSEMBLING or not own or not is_noun(inside):
        return []
    found = (name.split(".")[1:] for name in imports(module) if name.startswith("chatapp."))
    return [
        ".".join(parts)
        for parts in found
        if parts[0] == own[0]
        and len(parts) > len(own)
        and tuple(parts[: len(own)]) == own
        and parts[len(own)] != inside.stem
        and (PACKAGE / Path(*parts[: len(own) + 1])).with_suffix(".py").is_file()
        and is_noun(Path(*parts[: len(own) + 1]))
    ]


def is_noun(inside: Path) -> bool:
    """In a folder of pages or commands every file is one; elsewhere those the product speaks of."""
    return inside.parts[0] != "core" and (len(inside.parts) > 2 or inside.stem in NOUNS)


def outsiders(module: ast.Module) -> set[str]:
    """Top-level names of other people's libraries."""
    return {name.split(".")[0] for name in imports(module)} - set(sys.stdlib_module_names) - {"chatapp"}


def test_every_file_is_on_a_known_floor() -> None:
    assert {place(path) for path in SOURCES} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_imports_go_downward_only(path: Path) -> None:
    assert climbs(place(path), tree(path)) == []


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_a_noun_imports_no_other_noun_of_its_floor(path: Path) -> None:
    assert neighbours(path, tree(path)) == []


def test_keys_name_the_upper_floors_for_the_type_checker_only() -> None:
    at_run_time = [node for node in tree(PACKAGE / "keys.py").body if not isinstance(node, ast.If)]
    names = list(imports(ast.Module(at_run_time, [])))
    assert not {target(name) for name in names} & {"domain", "gateway"}


@pytest.mark.parametrize("library", ONLY_IN)
def test_each_library_has_its_place(library: str) -> None:
    users = {name.removeprefix("chatapp/") for path, name in zip(SOURCES, NAMES, strict=True) if uses(path, library)}
    assert [user for user in users if not user.startswith(ONLY_IN[library])] == []


def uses(path: Path, library: str) -> bool:
    return library in outsiders(tree(path))


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda path: path.name)
def test_the_words_are_pure(path: Path) -> None:
    names = list(imports(tree(path)))
    assert not is_async(tree(path))
    assert [name for name in names if any(f"{name}.".startswith(f"{module}.") for module in NOT_PURE)] == []
    assert outsiders(tree(path)) <= {"msgspec", *(library for library in ONLY_IN if in_core(library))}


def in_core(library: str) -> bool:
    return any(where.startswith("core/") for where in ONLY_IN[library])


def test_public_methods_of_the_domain_begin_with_the_actor() -> None:
    found = {name: first for name, first in domain_methods() if first not in {"actor", "identity"}}
    assert sorted(found.keys() - WITHOUT_ACTOR) == []


def test_no_exception_for_the_actor_is_out_of_date() -> None:
    without = {name for name, first in domain_methods() if first != "actor"}
    assert sorted(WITHOUT_ACTOR - without) == []


def domain_methods() -> Iterator[tuple[str, str]]:
    """(Class.method, name of the first parameter) of the nouns people act on."""
    for path in sorted((PACKAGE / "domain").glob("*.py")):
        if path.stem not in NOUNS:
            continue
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                for method in node.body:
                    if isinstance(method, ast.AsyncFunctionDef) and not method.name.startswith("_"):
                        names = [argument.arg for argument in method.args.args[1:]]
                        yield f"{node.name}.{method.name}", names[0] if names else ""


# The rules above mean something only if they can fail.


@pytest.mark.parametrize(
    ("floor", "line"),
    [
        ("core", "from chatapp.storage import rooms"),
        ("realtime", "from chatapp.storage.database import Reader"),
        ("web", "def late():\n    import chatapp.storage.rooms"),
        ("web", "if TYPE_CHECKING:\n    from chatapp.gateway import endpoint"),
        ("jobs", "from chatapp.web.templating import render"),
        ("gateway", "from chatapp import app"),
    ],
)
def test_an_import_that_climbs_is_seen(floor: str, line: str) -> None:
    assert climbs(floor, ast.parse(line))


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("domain/messages.py", "from chatapp.domain.rooms import GENERAL"),
        ("domain/messages.py", "from chatapp.domain import rooms"),
        ("storage/messages.py", "from chatapp.storage import rooms"),
    ],
)
def test_a_noun_that_imports_its_neighbour_is_seen(file: str, line: str) -> None:
    assert neighbours(PACKAGE / file, ast.parse(line))


def test_async_code_is_seen() -> None:
    assert is_async(ast.parse("async def wait(): ..."))
