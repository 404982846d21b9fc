"""Is a database file what chatapp wrote? Looks at all of it, changes nothing, and works beside a running server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from chatapp.storage import contents, findings, migrate
from chatapp.storage.findings import Checked, Finding, Report, note
from chatapp.storage.full import refuse_full
from chatapp.storage.sqlite_engine import lenient, to_read

BUSY_MS: Final = 5000
TROUBLE: Final = (sqlite3.Error,)


def audit(path: Path) -> Report:
    """Check the whole file: structure, references, checksums, counters. Reads every page; memory stays small.

    Raises ``OSError`` when there is no such file, or no room on its disk; whatever else is wrong is a finding.
    """
    report = Report()
    path.stat()
    with _noting(report, path, "The file cannot be read"), closing(open_to_read(path)) as connection:
        # One transaction: all that is compared below is of one moment.
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        checks: dict[str, Callable[[sqlite3.Connection, Report], Checked]] = {
            "structure": _structure,
            "references": _references,
            "schema": _schema,
            "log": partial(findings.log, trouble=TROUBLE),
            "earlier wordings": findings.wordings,
            "counters": findings.counters,
            "audit log": findings.chain,
        }
        for name, check in checks.items():
            with _noting(report, path, f"The {name} cannot be read to the end"):
                for finding in check(connection, report):
                    note(report, finding)
    # Not in that transaction: it takes as long as reading all files, and sees which have been deleted meanwhile.
    with _noting(report, path, "The files cannot be looked at"), closing(open_to_read(path)) as connection:
        for finding in contents.check(connection, report, path.parent):
            note(report, finding)
    return report


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even what a log beside the file still holds."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{urlencode(to_read(path))}", uri=True, isolation_level=None
    )
    connection.text_factory = lenient
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return connection


@contextmanager
def _noting(report: Report, path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        refuse_full(error, path.parent)
        note(report, Finding(f"{what}: {error}."))


def _structure(connection: sqlite3.Connection, _report: Report) -> Checked:
    for (said,) in connection.execute("PRAGMA integrity_check(100)"):
        if said != "ok":
            yield Finding(f"The file's structure: {said}.")


def _references(connection: sqlite3.Connection, _report: Report) -> Checked:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding(f"Row {row} of {table} belongs to a row of {parent} that is not there.")


def _schema(connection: sqlite3.Connection, report: Report) -> Checked:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    report.revision = None if row is None else row[0]
    if not migrate.is_known(report.revision):
        yield Finding(f"The schema is at revision {report.revision}, which this version does not know.")
    else:
        yield from _foreign(connection, migrate.schema(report.revision))


def _foreign(connection: sqlite3.Connection, made: dict[str, tuple[str, str]]) -> Checked:
    """A trigger of somebody else's writes what nobody said, a view shows what is not there."""
    there = {name: (kind, sql) for name, kind, sql in connection.execute(migrate.SCHEMA)}
    for name in sorted(made.keys() | there.keys()):
        if name not in made:
            yield Finding(f"The schema has the {there[name][0]} {name}, which chatapp did not make.")
        elif name not in there:
            yield Finding(f"The schema lacks the {made[name][0]} {name}.")
        elif made[name] != there[name]:
            yield Finding(f"The schema's {made[name][0]} {name} is not as chatapp made it.")
