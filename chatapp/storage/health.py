"""How the database file is doing: whether it is still there, takes what is written, and reads as it was written."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import structlog

from chatapp.core.errors import Unavailable
from chatapp.core.language import N_

BUSY_MS: Final = 5000
# Who asks next when the lock was refused just now: whoever stands in line must not wait as long once more.
IMPATIENT_MS: Final = 100
RETRY_SECONDS: Final = 1
REFUSED_SECONDS: Final = 2.0
REFUSED: Final = N_("The database cannot do this right now. Please try again.")
GONE: Final = N_("The database file is gone or was replaced. Whoever runs this server has to see to it.")

Identity = tuple[int, int]

log = structlog.get_logger()


class Health:
    """Of the file that was opened. Every use of the database goes through :meth:`guarded`."""

    def __init__(self, path: Path) -> None:
        self.has_refused = False
        self.is_damaged = False
        self._path = path
        self._file: Identity | None = None
        self._is_gone = False
        self._is_changing = False
        self._uses = 0
        self._locked_at = -REFUSED_SECONDS

    def opened(self) -> None:
        """The file has just been opened: that one it is."""
        self._file = identity(self._path)

    def check(self) -> None:
        """Raise ``Unavailable`` unless the path still names the open file: what is written elsewhere is lost."""
        is_gone = self._file is not None and identity(self._path) != self._file
        if is_gone is not self._is_gone:
            self._is_gone = is_gone
            log.error("database.gone" if is_gone else "database.back", path=str(self._path))
        if is_gone:
            raise Unavailable(GONE, retry_after=RETRY_SECONDS)
        if self._is_changing:
            raise Unavailable(REFUSED, retry_after=RETRY_SECONDS)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Once nobody uses the database; who wants to meanwhile is asked to try again. Raises ``TimeoutError``."""
        self._is_changing = True
        try:
            async with asyncio.timeout(BUSY_MS / 1000):
                # An event would have to be set and cleared at every read.
                while self._uses:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
            yield
        finally:
            self._is_changing = False

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """A disk that is full, locked, failing or damaged, or a file that is gone: ``Unavailable``, not a bug."""
        self.check()
        self._uses += 1
        try:
            yield
        except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
            if not is_the_disk(error):
                raise
            self.note(error)
            raise Unavailable(REFUSED, retry_after=RETRY_SECONDS) from error
        except sa.exc.TimeoutError as error:
            # Of the connections none has come free for half a minute: the disk says nothing.
            raise Unavailable(REFUSED, retry_after=RETRY_SECONDS) from error
        finally:
            self._uses -= 1

    def note(self, error: Exception) -> None:
        """The file has refused, or was not what a database looks like."""
        if is_damage(error) and not self.is_damaged:
            self.is_damaged = True
            log.error("database.damaged", error=str(_driver_error(error)), detail="See: chatapp audit")
        if is_busy(error):
            self._locked_at = time.monotonic()
        self.has_refused = True

    def took_it(self) -> None:
        """A commit has succeeded."""
        self.has_refused = False
        self._locked_at = -REFUSED_SECONDS

    @property
    def patience_ms(self) -> int:
        """How long to wait for a lock that another process holds."""
        return IMPATIENT_MS if time.monotonic() - self._locked_at < REFUSED_SECONDS else BUSY_MS


def is_the_disk(error: Exception) -> bool:
    """Whether the file or the disk refused, rather than what was asked of it."""
    return isinstance(_driver_error(error), sqlite3.OperationalError) or is_damage(error)


def is_damage(error: Exception) -> bool:
    # A malformed page, or no database at all, is a DatabaseError and none of its kinds.
    return type(_driver_error(error)) is sqlite3.DatabaseError


def is_busy(error: Exception) -> bool:
    return getattr(_driver_error(error), "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _driver_error(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, sa.exc.DBAPIError) else error


def identity(path: Path) -> Identity | None:
    """Which file the path names, None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - twice as fast, and asked for every read
    except OSError:
        return None
    return found.st_dev, found.st_ino
