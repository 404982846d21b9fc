"""The threads of the database give way to the event loop, where the system lets them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatapp.storage.questions import Questions, reader
from chatapp.storage.threads import beside_the_loop
from tests.support.store import Store


def policy() -> int:
    """Of the calling thread."""
    return os.sched_getscheduler(0)


def test_a_thread_gives_way_and_the_others_stay_as_they_are() -> None:
    before = policy()
    with beside_the_loop("work") as thread:
        assert thread.submit(policy).result() == os.SCHED_BATCH
    assert policy() == before == os.SCHED_OTHER


def test_where_that_is_not_allowed_it_works_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refused)
    with beside_the_loop("work") as thread:
        assert thread.submit(policy).result() == os.SCHED_OTHER


async def test_who_answers_questions_gives_way(store: Store, path: Path) -> None:
    questions = Questions(reader(path))
    await questions.ask("SELECT 1", ())
    assert questions._thread.submit(policy).result() == os.SCHED_BATCH
    questions.close()
