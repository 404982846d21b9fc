"""What the rest asks of a database, whichever engine it is: read, write in a transaction, and say how it is doing."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import sqlalchemy as sa

from chatapp.core.clock import Clock
from chatapp.core.errors import Unavailable
from chatapp.storage.engine import AsyncConnection
from chatapp.storage.statement import Listed, Many, Statement

Row = sa.Row[*tuple[Any, ...]]
Result = sa.CursorResult[*tuple[Any, ...]]
Durability = Literal["full", "normal"]
T = TypeVar("T")


class Damaged(Unavailable):
    """What a transaction needs cannot be read as it was written; others may do without it."""


class Outdated(Unavailable):
    """A newer version has taken the database over: its schema is one that this version does not know."""


class Contended(Unavailable):
    """Somebody else was there at the same moment: asked again, it may be taken."""


class Reader(Protocol):
    """What can be asked: the database as a whole, or a transaction that sees its own writes."""

    async def one(self, statement: sa.Executable) -> Row | None: ...

    async def all(self, statement: sa.Executable) -> Sequence[Row]: ...


class Answer(Protocol):
    """Rows, in the order of the question."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...


class Source(Protocol):
    """A database at one moment, asked in SQLite's words. A boolean is 0 or 1."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Answer: ...


class Commit:
    """What is told waits for the commit."""

    def __init__(self) -> None:
        self._announcements: list[Callable[[], None]] = []
        # What finds a row once this is stored, and none where it is not: made only for a commit in doubt.
        self.witness: Callable[[], sa.Select[Any]] | None = None

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run ``call`` once this is on disk; never when it is rolled back."""
        self._announcements.append(call)

    def announce(self) -> None:
        for call in self._announcements:
            call()


class Transaction(Commit):
    """A transaction begun ``at``."""

    def __init__(self, connection: AsyncConnection, at: int) -> None:
        super().__init__()
        self.at = at
        self._connection = connection

    async def one(self, statement: sa.Executable) -> Row | None:
        return (await self._connection.execute(statement)).first()

    async def all(self, statement: sa.Executable) -> Sequence[Row]:
        return (await self._connection.execute(statement)).all()

    async def execute(self, statement: sa.Executable, parameters: Any = None) -> Result:
        return await self._connection.execute(statement, parameters)


class Writer(Commit, ABC):
    """The transaction of a batch of the journal, past the SQL layer. A boolean is read as 0 or 1, and written so."""

    @abstractmethod
    async def rows(self, statement: Statement, **named: Any) -> Sequence[Sequence[Any]]: ...

    @abstractmethod
    async def listed(self, question: Listed, keys: Sequence[tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
        """What is known of those keys; nothing is asked when there are none."""

    @abstractmethod
    async def many(self, change: Many, rows: Sequence[tuple[Any, ...]]) -> None:
        """Do the change for each row; nothing when there is none."""


Work = Callable[[Writer], Coroutine[Any, Any, T]]


class Database(ABC):
    """An open database. Its methods raise ``Unavailable`` when it cannot do a thing right now."""

    # Whether other processes write to it too.
    is_shared = False

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock = clock
        # Within this process one transaction is written at a time, and news leaves in the order of commits.
        self.write_lock = asyncio.Lock()
        # Set once a newer version has taken the database over: nothing is read or written any more.
        self.outdated = asyncio.Event()
        self._folder = folder

    @abstractmethod
    async def one(self, statement: sa.Executable) -> Row | None: ...

    @abstractmethod
    async def all(self, statement: sa.Executable) -> Sequence[Row]: ...

    @abstractmethod
    async def hot(self, statement: Statement, **named: Any) -> list[Any]:
        """Rows of a statement compiled beforehand, read past the SQL layer. A boolean is 0 or 1."""

    async def hot_one(self, statement: Statement, **named: Any) -> Any:
        """The first row of such a statement, or None."""
        rows = await self.hot(statement, **named)
        return rows[0] if rows else None

    @abstractmethod
    def transaction(self, *, alone: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """Commit at the end, then announce; roll back on any exception.

        What is read in it stays so until then: no other transaction runs. Not ``alone``, others of that kind may run in
        other processes, and batches: it must not decide by what those write.
        """

    @abstractmethod
    async def batch(self, work: Work[T]) -> T:
        """As :meth:`transaction`, for the journal, beside those of other processes: what ``work`` returns. It may wait
        for its writer only, and may run in another thread. Cancelled, it is done whole or not at all.

        Raises :class:`Damaged` or :class:`Contended` for what only some of its changes may have met.
        """

    @abstractmethod
    async def is_well(self) -> bool:
        """Whether it can be read and, where a write was refused, written again."""

    async def risks(self) -> list[str]:
        """Sentences about how what is stored could be lost."""
        return []

    def free_share(self) -> float:
        """How much of the disk under the data folder is free for us, from 0 to 1: of its bytes, or of its files."""
        disk = os.statvfs(self._folder)
        # A file system that counts no files says that it takes none.
        return min(disk.f_bavail / disk.f_blocks, disk.f_favail / disk.f_files if disk.f_files else 1.0)
