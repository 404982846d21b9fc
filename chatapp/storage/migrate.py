"""Brings a database file to the current schema, after a copy, before anything else opens it.

Alembic is imported only where there is something to do: it is a fifth of the time a start takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from chatapp.places import folder

# Without what SQLite makes by itself: the indexes of unique columns, and its statistics.
SCHEMA: Final = "SELECT name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"


class TooNew(Exception):
    """The file was written by a later version of chatapp."""


def upgrade(path: Path) -> list[str]:
    """Apply what is missing, each step in a transaction of its own; return the revisions applied.

    Blocking: run it in a thread. Raises :class:`TooNew` on a file from a later version.
    """
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            return bring_up(
                connection, lambda first: _copy(connection, path.with_name(f"{path.stem}-before-{first}.db"))
            )
    finally:
        engine.dispose()


def bring_up(connection: sa.Connection, save: Callable[[str], None]) -> list[str]:
    """As :func:`upgrade`, on either engine; ``save`` is called with the first revision to come where there was one."""
    current = _revision(connection)
    pending = _pending(current)
    if pending and current is not None:
        save(pending[0])
    if pending:
        _apply(connection)
    return pending


def revisions() -> list[str]:
    """Every revision this version knows, oldest first: what the names of the files begin with."""
    return sorted(step.name.partition("_")[0] for step in (folder("migrations") / "versions").glob("[0-9]*.py"))


def is_known(revision: str | None) -> bool:
    """Whether this version can go on with a database at that revision."""
    return revision in revisions()


@cache
def schema(revision: str) -> dict[str, tuple[str, str]]:
    """What the migrations up to that revision make: the kind and the SQL of every table, index, trigger and view."""
    engine = _engine(Path(":memory:"))
    try:
        with engine.connect() as connection:
            _apply(connection, revision)
            return {name: (kind, sql) for name, kind, sql in connection.exec_driver_sql(SCHEMA)}
    finally:
        engine.dispose()


def differences(path: Path) -> list[Any]:
    """How the migrated file differs from ``storage/tables.py``; empty when they agree."""
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            return differences_on(connection)
    finally:
        engine.dispose()


def differences_on(connection: sa.Connection) -> list[Any]:
    """As :func:`differences`, on either engine."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from chatapp.storage.tables import metadata

    context = MigrationContext.configure(connection, opts={"include_name": _is_migrated})
    return list(compare_metadata(context, metadata))


def _is_migrated(name: str | None, kind: str, _parents: object) -> bool:
    # On PostgreSQL the index of messages has tables beside them, which are made of the others and can be made again.
    return kind != "table" or not str(name).startswith("search_")


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), poolclass=sa.pool.NullPool, hide_parameters=True
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _apply(connection: sa.Connection, revision: str = "head") -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _revision(connection: sa.Connection) -> str | None:
    is_versioned = sa.inspect(connection).has_table("alembic_version")
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first() if is_versioned else None
    connection.rollback()
    return None if row is None else str(row[0])


def _pending(current: str | None) -> list[str]:
    known = revisions()
    if current is not None and current not in known:
        raise TooNew(f"The database is at revision {current}, which this version does not know. Use a newer chatapp.")
    return known[known.index(current) + 1 :] if current else known


def _copy(connection: sa.Connection, target: Path) -> None:
    target.unlink(missing_ok=True)
    connection.connection.cursor().execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
