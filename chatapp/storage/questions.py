"""Reading on a thread of its own: what is asked in one turn of the event loop goes there, and comes back, together."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chatapp.storage.health import BUSY_MS
from chatapp.storage.portions import in_portions
from chatapp.storage.threads import beside_the_loop


class Question(NamedTuple):
    """A statement, its values, and who waits for its rows."""

    sql: str
    parameters: Sequence[Any]
    asker: asyncio.Future[list[Any]]


class Questions:
    """To one connection that only reads.

    A thread that is woken for every single question costs more than the answers: each side waits for the
    interpreter's lock until the other lets go of it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread = beside_the_loop("questions")
        self._waiting: list[Question] = []
        self._is_under_way = False

    async def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows, read after this was called. Raises what ``sqlite3`` does."""
        loop = asyncio.get_running_loop()
        if not self._waiting and not self._is_under_way:
            # Not at once: others may ask in this turn.
            loop.call_soon(self._set_out)
        asker: asyncio.Future[list[Any]] = loop.create_future()
        self._waiting.append(Question(sql, parameters, asker))
        return await asker

    def close(self) -> None:
        """Once nobody asks any more."""
        self._thread.submit(self._connection.close)
        self._thread.shutdown()

    def _set_out(self) -> None:
        asked, self._waiting = self._waiting, []
        try:
            trip = asyncio.get_running_loop().run_in_executor(self._thread, self._answer, asked)
        except RuntimeError as error:
            # Closed meanwhile.
            in_portions([(question, error) for question in asked], _bring)
            return
        self._is_under_way = True
        trip.add_done_callback(lambda done: self._come_back(asked, done.result()))

    def _answer(self, asked: Sequence[Question]) -> list[list[Any] | Exception]:
        answers: list[list[Any] | Exception] = []
        for question in asked:
            try:
                answers.append(self._connection.execute(question.sql, question.parameters).fetchall())
            except Exception as error:
                answers.append(error)
        return answers

    def _come_back(self, asked: Sequence[Question], answers: Sequence[list[Any] | Exception]) -> None:
        self._is_under_way = False
        if self._waiting:
            self._set_out()
        in_portions([*zip(asked, answers, strict=True)], _bring)


def reader(path: Path) -> sqlite3.Connection:
    """A connection to ask on; strict about text, which costs nothing."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, BUSY_MS / 1000, isolation_level=None, check_same_thread=False, uri=True)


def _bring(answered: tuple[Question, list[Any] | Exception]) -> None:
    question, answer = answered
    if question.asker.done():
        return
    if isinstance(answer, Exception):
        question.asker.set_exception(answer)
    else:
        question.asker.set_result(answer)
