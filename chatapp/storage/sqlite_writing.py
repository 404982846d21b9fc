"""What a batch of the journal does inside its transaction on a file: all of it in one trip to a thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from chatapp.storage.database import Work, Writer
from chatapp.storage.statement import Listed, Many, Statement
from chatapp.storage.threads import beside_the_loop

T = TypeVar("T")


class SqliteWriter(Writer):
    """On the writer's own connection, in a thread: nothing here waits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    async def rows(self, statement: Statement, **named: Any) -> Sequence[Sequence[Any]]:
        compiled = statement.sqlite
        return self._connection.execute(compiled.sql, compiled.values(**named)).fetchall()

    async def listed(self, question: Listed, keys: Sequence[tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
        if not keys:
            return []
        values = [value for key in keys for value in key]
        return self._connection.execute(question.sqlite(len(keys)), values).fetchall()

    async def many(self, change: Many, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._connection.executemany(change.sqlite, rows)


class Batches:
    """The writer's connection, and the thread in which batches use it.

    Each statement of a batch used to be a trip of its own, to the thread of its driver and back: eight for a message
    that came alone, which cost more than storing it.
    """

    def __init__(self) -> None:
        self._thread = self._new_thread()
        self._connection: sqlite3.Connection | None = None

    def connect(self, *arguments: Any, **named: Any) -> sqlite3.Connection:
        """For the driver, whose thread uses it too; never both at once."""
        self._connection = sqlite3.Connection(*arguments, **{**named, "check_same_thread": False})
        return self._connection

    @property
    def is_open(self) -> bool:
        """Whether a transaction could not even be rolled back."""
        return self._connection is not None and self._connection.in_transaction

    async def run(self, work: Work[T]) -> tuple[T, Writer]:
        """Begin, do the work, commit; on any exception roll back. What it returns, and who is to announce it."""
        assert self._connection is not None  # noqa: S101 - narrows a type
        writer = SqliteWriter(self._connection)
        # Whose language a refusal is in, among others.
        begun = partial(copy_context().run, _transact, self._connection, partial(work, writer))
        return await asyncio.get_running_loop().run_in_executor(self._thread, begun), writer

    def close(self) -> None:
        """Once what is under way has ended."""
        self._thread.shutdown()
        self._thread = self._new_thread()

    def _new_thread(self) -> ThreadPoolExecutor:
        return beside_the_loop("batches")


def _transact(connection: sqlite3.Connection, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        answer = _result(work())
        connection.execute("COMMIT")
    except BaseException:
        # Where that fails too, the connection says that it still is in a transaction.
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
    return answer


def _result(work: Coroutine[Any, Any, T]) -> T:
    """Of a coroutine that waits for nothing but a :class:`SqliteWriter`, and so for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("A batch may ask and change its database, and wait for nothing else.")
