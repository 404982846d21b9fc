"""The kinds of columns that tables are made of, the same on both engines, and how the tables hang together."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# On SQLite only INTEGER makes a rowid alias; on PostgreSQL an id wants 64 bits.
BigId: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Bytes decide the order, as on SQLite, and no library of the system that changes its mind.
Text: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def id_() -> sa.Column[int]:
    return sa.Column("id", BigId, primary_key=True, autoincrement=True)


def ref_(name: str, target: str, *, nullable: bool = False, on_delete: str = "CASCADE") -> sa.Column[int]:
    return sa.Column(name, BigId, sa.ForeignKey(f"{target}.id", ondelete=on_delete), nullable=nullable)


def key_(name: str, target: str) -> sa.Column[int]:
    """The row of another table, as the one thing that a row here is known by."""
    return sa.Column(name, BigId, sa.ForeignKey(f"{target}.id", ondelete="CASCADE"), primary_key=True)


def moment_(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def text_(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, Text, nullable=False, server_default=default)


def flag_(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def gives_no_id_again(*tables: sa.Table) -> None:
    """Nor that of a row that was deleted, which somebody may still hold. A server never does; SQLite must be told."""
    for table in tables:
        table.dialect_options["sqlite"]["autoincrement"] = True
