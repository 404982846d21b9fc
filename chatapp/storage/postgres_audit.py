"""Is a database on a PostgreSQL server what chatapp wrote? Reads its rows as of one moment, changes nothing."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from chatapp.storage import contents, findings, migrate
from chatapp.storage import postgres_errors as errors
from chatapp.storage.database import Answer
from chatapp.storage.findings import Checked, Finding, Report, note, noting
from chatapp.storage.postgres_engine import Asked, engine
from chatapp.storage.postgres_start import COPYING, UNFINISHED
from chatapp.storage.tables import metadata

AT_ONCE: Final = 1000
ONE_MOMENT: Final = sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
NOTHING_WRITTEN: Final = sa.text("SET TRANSACTION READ ONLY")
# What writes what nobody said, and what shows what is not there.
ADDED: Final = sa.text(
    "SELECT 'trigger', CAST(tgname AS text) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) "
    "UNION ALL SELECT 'view', CAST(viewname AS text) FROM pg_views WHERE schemaname = current_schema() ORDER BY 2"
)
OURS: Final = (("trigger", "audit_log_is_kept"), ("trigger", "audit_log_is_not_emptied"))
UNDER_WAY: Final = "SELECT 1 FROM meta WHERE key = ?"
REVISION: Final = "SELECT version_num FROM alembic_version"


class Server:
    """As a source of findings: what they ask for in SQLite's words, in those of PostgreSQL."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def execute(self, sql: str, parameters: Any = (), /) -> Answer:
        count = itertools.count(1)
        # Through an index or not, a value is the row's here.
        words = re.sub(r"\?", lambda _: f"${next(count)}", sql.replace(" NOT INDEXED", ""))
        return _Rows(
            self.connection.exec_driver_sql(words, tuple(parameters), execution_options={"yield_per": AT_ONCE})
        )


class _Rows:
    def __init__(self, rows: Any) -> None:
        self._rows = (tuple(map(_plain, row)) for row in rows)

    def __iter__(self) -> Any:
        return self._rows

    def fetchone(self) -> Any:
        return next(self._rows, None)


def audit(url: str, data: Path | None = None) -> Report:
    """As :func:`chatapp.storage.integrity.audit`; pages and indexes are the server's own affair. Blocking.

    Files are looked at in the folder ``data``, where one is given; where none is, a copy may be under way.
    """
    report = Report()
    with noting(report, "The database cannot be read", errors.FAMILY):
        asyncio.run(_audit(url, report, data))
    return report


async def _audit(url: str, report: Report, data: Path | None) -> None:
    connections = engine(url, Asked("full", is_patient=True), 1)
    try:
        async with connections.connect() as connection:
            await connection.execute(ONE_MOMENT)
            await connection.run_sync(_check, report, data is None)
            # Not in that transaction, which would not see what has been deleted meanwhile.
            await connection.rollback()
            if data is not None:
                await connection.execute(NOTHING_WRITTEN)
                await connection.run_sync(_check_files, report, data)
    finally:
        await connections.dispose()


def _check(connection: sa.Connection, report: Report, may_be_half: bool) -> None:
    server = Server(connection)
    checks: dict[str, Callable[[Server, Report], Checked]] = {
        "schema": _schema,
        **({} if may_be_half else {"copy": _copy}),
        "references": _references,
        "log": partial(findings.log, trouble=errors.FAMILY),
        "earlier wordings": findings.wordings,
        "counters": findings.counters,
        "audit log": findings.chain,
    }
    for name, check in checks.items():
        with noting(report, f"The {name} cannot be read to the end", errors.FAMILY):
            for finding in check(server, report):
                note(report, finding)


def _check_files(connection: sa.Connection, report: Report, data: Path) -> None:
    with noting(report, "The files cannot be looked at", errors.FAMILY):
        for finding in contents.check(Server(connection), report, data):
            note(report, finding)


def _schema(server: Server, report: Report) -> Checked:
    row = server.execute(REVISION).fetchone()
    report.revision = None if row is None else row[0]
    if report.revision not in migrate.revisions():
        yield Finding(f"The schema is at revision {report.revision}, which this version does not know.")
    elif report.revision == migrate.revisions()[-1]:
        for difference in migrate.differences_on(server.connection):
            yield Finding(f"The schema differs from what chatapp made: {difference}.")
    there = [(kind, name) for kind, name in server.connection.execute(ADDED)]
    for kind, name in there:
        if (kind, name) not in OURS:
            yield Finding(f"The schema has the {kind} {name}, which chatapp did not make.")
    for kind, name in OURS:
        if (kind, name) not in there:
            yield Finding(f"The schema lacks the {kind} {name}.")


def _copy(server: Server, _report: Report) -> Checked:
    """Half of a chat is none."""
    if server.execute(UNDER_WAY, (COPYING,)).fetchone() is not None:
        yield Finding(UNFINISHED)


def _references(server: Server, _report: Report) -> Checked:
    """The server holds them, unless somebody told it not to."""
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            child, parent = table.alias(), key.column.table
            there = sa.exists().where(key.column == child.c[key.parent.name])
            lost = sa.select(sa.func.count()).select_from(child).where(child.c[key.parent.name].is_not(None), ~there)
            if count := server.connection.execute(lost).scalar_one():
                yield Finding(f"{count} rows of {table.name} belong to rows of {parent} that are not there.")


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
