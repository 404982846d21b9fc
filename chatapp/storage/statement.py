"""SQL compiled once, for the driver: what every message and every request asks is not built anew each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import Dialect

FROM_ARRAYS: Final = "SELECT * FROM unnest({})"

_sqlite: Final[Dialect] = SQLiteDialect(paramstyle="qmark")


@cache
def _postgres() -> Dialect:
    # When first asked for: most never do.
    from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

    return PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Compiled:
    """SQL text for one engine, and the order in which it wants its named parameters."""

    def __init__(self, clause: sa.ClauseElement, dialect: Dialect) -> None:
        compiled = clause.compile(dialect=dialect)
        self.sql: Final = str(compiled)
        self.order: Final[tuple[str, ...]] = tuple(getattr(compiled, "positiontup", None) or ())
        self._defaults: Final = dict(compiled.params)

    def values(self, **named: Any) -> tuple[Any, ...]:
        return tuple(named[name] if name in named else self._defaults[name] for name in self.order)


class Statement:
    """Run with named parameters. Compiled when first asked for: a start would spend a fifteenth of its time on
    statements that it does not run."""

    def __init__(self, clause: sa.ClauseElement) -> None:
        self.clause: Final = clause

    @cached_property
    def sqlite(self) -> Compiled:
        return Compiled(self.clause, _sqlite)

    @cached_property
    def postgres(self) -> Compiled:
        return Compiled(self.clause, _postgres())


class Many:
    """A change of many rows at once, each given as a tuple of values; a boolean as 0 or 1. Without columns to change,
    the rows that ``by`` finds are deleted.

    SQLite does it row by row. PostgreSQL is asked once: its parameters are columns, each an array.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], by: Sequence[str] = ()) -> None:
        self._table, self._columns, self._by = table, columns, by

    @cached_property
    def sqlite(self) -> str:
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in self._columns}
        found = [self._table.c[name] == sa.bindparam(f"by_{name}") for name in self._by]
        if not found:
            return Compiled(sa.insert(self._table).values(values), _sqlite).sql
        if not values:
            return Compiled(sa.delete(self._table).where(*found), _sqlite).sql
        return Compiled(sa.update(self._table).where(*found).values(values), _sqlite).sql

    @cached_property
    def postgres(self) -> str:
        names = (*self._columns, *self._by)
        rows = _unnested({name: self._table.c[name].type for name in names})
        values = {name: _as(rows.c[name], self._table.c[name].type) for name in self._columns}
        if not self._by:
            chosen = sa.select(*values.values())
            return Compiled(sa.insert(self._table).from_select(list(values), chosen), _postgres()).sql
        found = [self._table.c[name] == rows.c[name] for name in self._by]
        if not values:
            return Compiled(sa.delete(self._table).where(*found), _postgres()).sql
        return Compiled(sa.update(self._table).where(*found).values(values), _postgres()).sql


def _unnested(types: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.TableValuedAlias:
    plain = {name: _plain(type_) for name, type_ in types.items()}
    arrays = [sa.bindparam(name, type_=sa.ARRAY(type_)) for name, type_ in plain.items()]
    columns = [sa.column(name, type_) for name, type_ in plain.items()]
    return sa.func.unnest(*arrays).table_valued(*columns).render_derived(name="new")


def _plain(type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    if isinstance(type_, sa.Boolean):
        return sa.Integer()
    return sa.Text() if isinstance(type_, sa.Text) else type_


def _as(value: sa.ColumnElement[Any], type_: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(value, sa.Boolean) if isinstance(type_, sa.Boolean) else value


def inserting(table: sa.Table) -> Many:
    """New rows: a value for each column of the table, in its order."""
    return Many(table, [column.name for column in table.c])


def updating(table: sa.Table, *columns: str, by: Sequence[str]) -> Many:
    """The values of these columns, in the order of the table, then those of ``by``, which find the row."""
    return Many(table, columns, by)


def deleting(table: sa.Table, by: Sequence[str]) -> Many:
    """The rows that the values of ``by`` find."""
    return Many(table, (), by)


class Listed:
    """A question about a list of keys, whose place in the text is marked ``{}``; ``types`` are those of a key's values.

    ``locking``: what PostgreSQL is told in addition, which SQLite with its one writer need not know.
    """

    def __init__(self, text: str, *types: Literal["bigint", "text"], locking: str = "") -> None:
        self._text, self._types, self._locking = text, types, locking
        self._one = "?" if len(types) == 1 else "(" + ", ".join("?" * len(types)) + ")"
        self._first = "" if len(types) == 1 else "VALUES "

    def sqlite(self, count: int) -> str:
        return self._text.format(self._first + ", ".join([self._one] * count))

    @cached_property
    def postgres(self) -> str:
        arrays = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(self._types, 1))
        return self._text.format(FROM_ARRAYS.format(arrays)) + self._locking
