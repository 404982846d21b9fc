"""What PostgreSQL and the way to it say when they fail: which of it passes, and which is a bug of ours."""

from __future__ import annotations

from typing import Final

import asyncpg
import sqlalchemy as sa

# Classes of SQLSTATE: connection, password or name not taken, no such database (as while it is restored), transaction
# rolled back for another's sake, resources, limits, an operator stepped in, the system below.
PASSING: Final = ("08", "28", "3D", "40", "53", "54", "57", "58")
# A standby, which may be written to later.
READ_ONLY: Final = ("25000", "25006", "55000")
# And a lock that was held for longer than we wait.
PASSING_STATES: Final = (*READ_ONLY, "55P03")
DAMAGE: Final = "XX"
NO_TABLE: Final = "42P01"
CONTENTION: Final = ("40001", "40P01")
# All that comes from the server or the way to it, below SQLAlchemy or through it.
FAMILY: Final = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(sa.exc.DBAPIError, OSError, TimeoutError),
)


def cause(error: BaseException) -> BaseException:
    """What the driver raised, below what SQLAlchemy made of it."""
    original = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return (original.__cause__ if original is not error and original else None) or original or error


def state(error: BaseException) -> str:
    """The SQLSTATE that the server gave; empty when it said nothing."""
    return str(getattr(cause(error), "sqlstate", "") or "")


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone or cannot be trusted, so that nobody knows what the server did last."""
    found = cause(error)
    if isinstance(found, asyncpg.DataError):
        return False
    lost = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
    return isinstance(found, lost) or state(error).startswith(("08", "57P"))


def is_passing(error: BaseException) -> bool:
    """Whether the server, the disk below it or the way to it refused, rather than what was asked."""
    found = state(error)
    return is_lost(error) or is_damage(error) or found.startswith(PASSING) or found in PASSING_STATES


def is_read_only(error: BaseException) -> bool:
    """A standby: the next connection may lead to the one that took over."""
    return state(error) in READ_ONLY


def is_damage(error: BaseException) -> bool:
    return state(error).startswith(DAMAGE)


def is_without_tables(error: BaseException) -> bool:
    """Whether nothing was made there yet, or something else."""
    return state(error) == NO_TABLE


def is_contention(error: BaseException) -> bool:
    """Whether the same would be taken if it were asked again: somebody else was there at the same moment."""
    return state(error) in CONTENTION


def sentence(error: BaseException) -> str:
    """In words for an operator; neither asyncpg nor the server repeats a password."""
    found = cause(error)
    return str(found).splitlines()[0] if str(found) else type(found).__name__
