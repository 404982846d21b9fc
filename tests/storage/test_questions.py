"""What is asked in one turn of the loop goes to the reading thread together; each question keeps its own answer."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from chatapp.storage.questions import Question, Questions
from tests.support.house import until


@pytest.fixture
def held() -> threading.Event:
    """What ``SELECT held()`` waits for."""
    return threading.Event()


@pytest.fixture
async def questions(held: threading.Event) -> AsyncIterator[Questions]:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.create_function("held", 0, lambda: held.wait(10))
    opened = Questions(connection)
    yield opened
    held.set()
    opened.close()


@pytest.fixture
def trips(questions: Questions, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many questions went along, by trip."""
    sizes: list[int] = []
    answer = questions._answer

    def counted(asked: Sequence[Question]) -> list[list[Any] | Exception]:
        sizes.append(len(asked))
        return answer(asked)

    monkeypatch.setattr(questions, "_answer", counted)
    return sizes


async def test_questions_of_one_turn_make_one_trip_and_get_their_own_answers(
    questions: Questions, trips: list[int]
) -> None:
    answers = await asyncio.gather(*(questions.ask("SELECT ?", (number,)) for number in range(20)))
    assert answers == [[(number,)] for number in range(20)]
    assert trips == [20]


async def test_what_is_asked_meanwhile_goes_together_with_the_next_trip(
    questions: Questions, trips: list[int], held: threading.Event
) -> None:
    first = asyncio.create_task(questions.ask("SELECT held()", ()))
    await until(lambda: trips == [1])
    later = []
    for number in range(3):
        later.append(asyncio.create_task(questions.ask("SELECT ?", (number,))))
        await asyncio.sleep(0)
    held.set()
    assert await asyncio.gather(first, *later) == [[(1,)], [(0,)], [(1,)], [(2,)]]
    assert trips == [1, 3]


async def test_a_question_that_fails_fails_alone(questions: Questions) -> None:
    asked = (questions.ask(sql, ()) for sql in ("SELECT 1", "SELECT nothing", "SELECT 2"))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert (answers[0], answers[2]) == ([(1,)], [(2,)])
    assert isinstance(answers[1], sqlite3.OperationalError)


async def test_who_no_longer_waits_keeps_nobody_from_an_answer(questions: Questions) -> None:
    gone = asyncio.create_task(questions.ask("SELECT 1", ()))
    here = asyncio.create_task(questions.ask("SELECT 2", ()))
    await asyncio.sleep(0)
    gone.cancel()
    assert await asyncio.wait_for(here, 30) == [(2,)]


async def test_a_question_after_the_end_is_refused_not_left_waiting() -> None:
    questions = Questions(sqlite3.connect(":memory:", check_same_thread=False))
    questions.close()
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(questions.ask("SELECT 1", ()), 10)
