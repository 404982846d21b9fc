"""Much that is little each is done in order, and others get their turns in between."""

from __future__ import annotations

import asyncio

from chatapp.storage.portions import in_portions


async def test_some_at_once_and_as_many_in_each_turn_that_follows() -> None:
    done: list[int] = []
    in_portions(range(7), done.append, 3)
    seen = [done.copy()]
    while len(done) < 7:
        await asyncio.sleep(0)
        seen.append(done.copy())
    assert seen == [[0, 1, 2], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5, 6]]


async def test_few_are_done_at_once() -> None:
    done: list[int] = []
    in_portions([1, 2, 3], done.append, 3)
    in_portions([], done.append)
    assert done == [1, 2, 3]


async def test_two_that_have_much_to_do_take_turns() -> None:
    done: list[str] = []
    in_portions(["a"] * 4, done.append, 1)
    in_portions(["b"] * 4, done.append, 1)
    for _ in range(3):
        await asyncio.sleep(0)
    assert done == ["a", "b"] * 4
