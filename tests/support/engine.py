"""The engine of this run: ``CHATAPP_TEST_ENGINE=postgres`` puts every data folder's database on a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import asyncpg
import pytest

from chatapp.settings import Settings
from tests.support.postgres import Behind, databases

ON_POSTGRES: Final = os.environ.get("CHATAPP_TEST_ENGINE") == "postgres"
CHEAP_HASH_KIB: Final = 64
# In what a start says of a PostgreSQL server that runs as fast as tests want it to.
HASTE: Final = "PostgreSQL runs with"
# What a start leaves in a data folder at least.
FILES: Final = {"secrets.json"} if ON_POSTGRES else {"secrets.json", "chatapp.db"}
# Of a rule that the database itself holds.
REFUSALS: Final = (sqlite3.IntegrityError, asyncpg.RaiseError)


class FileOnly:
    """On PostgreSQL, tests that are about the file are left out, and said to be."""

    def __init__(self) -> None:
        self._left_out: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        marked = {item: mark for item in items if ON_POSTGRES and (mark := item.get_closest_marker("file_only"))}
        for item, mark in marked.items():
            self._left_out[f"{item.path.relative_to(config.rootpath)}: {mark.args[0]}"] += 1
        items[:] = [item for item in items if item not in marked]
        if marked:
            config.hook.pytest_deselected(items=list(marked))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._left_out:
            terminalreporter.write_line(f"{self._left_out.total()} tests are about the file alone:")
        for where, count in sorted(self._left_out.items()):
            terminalreporter.write_line(f"  {count:4} {where}")


class Answer(Protocol):
    """Of a statement."""

    @property
    def rowcount(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """What tests use of ``sqlite3``; places are question marks on either engine."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Answer: ...

    def executemany(self, sql: str, parameters: Any, /) -> object: ...


def settings_on(data: Path, migrated: Path | None = None, **more: Any) -> Settings:
    """On that folder, which is there already, with a copy of the migrated file where one is given."""
    if migrated is not None and not ON_POSTGRES:
        shutil.copy(migrated, data / "chatapp.db")
    return Settings(data=data, port=0, password_memory_kib=CHEAP_HASH_KIB, database_url=url_of(data), **more)


def url_of(data: Path) -> str:
    """Of the folder's database; empty where it is a file."""
    return databases().of(data) if ON_POSTGRES else ""


def unmigrated() -> dict[str, str]:
    """A setting for a database without tables: of a server; a file that is not there has none anyway."""
    return {"CHATAPP_DATABASE_URL": databases().fresh()} if ON_POSTGRES else {}


def environ_of(data: Path) -> dict[str, str]:
    return {"CHATAPP_DATABASE_URL": url_of(data)} if ON_POSTGRES else {}


@contextmanager
def behind_its_back(path: Path) -> Iterator[Connection]:
    """A connection to the database at that path, past the program; committed at the end."""
    if ON_POSTGRES:
        with Behind(databases(), databases().of(path.parent)) as behind:
            yield behind
        return
    connection = sqlite3.connect(path)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def unguarded(connection: Connection, *triggers: str) -> None:
    """What the database would refuse is done all the same, as a hand that means it would."""
    if ON_POSTGRES:
        connection.execute("SET LOCAL session_replication_role = replica")
    for trigger in () if ON_POSTGRES else triggers:
        connection.execute(f"DROP TRIGGER {trigger}")


def everything(connection: Connection, tables: Sequence[str]) -> dict[str, list[str]]:
    """The rows of those tables, each as text, in order. On a server in one question: there each costs a journey."""
    if ON_POSTGRES:
        asked = " UNION ALL ".join(f"SELECT '{table}', CAST({table} AS text) FROM {table}" for table in tables)  # noqa: S608 - names of ours
        found = [(table, row) for table, row in connection.execute(asked)]
    else:
        found = [(table, repr(row)) for table in tables for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
    return {table: sorted(row for name, row in found if name == table) for table in tables}


def columns(connection: Connection, table: str) -> list[str]:
    """Their names."""
    if ON_POSTGRES:
        asked = "SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position"
    else:
        asked = "SELECT name FROM pragma_table_info(?)"
    return [row[0] for row in connection.execute(asked, (table,)).fetchall()]


def tables(connection: Connection) -> list[str]:
    """Their names."""
    if ON_POSTGRES:
        asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    else:
        asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
    return [row[0] for row in connection.execute(asked).fetchall()]
