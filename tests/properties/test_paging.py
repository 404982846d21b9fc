"""Whichever way somebody turns the pages of a room: every message once, none twice, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.core.models import Person
from chatapp.domain import messages as messages_module
from chatapp.domain.messages import Messages
from tests.support.engine import settings_on
from tests.support.house import open_house
from tests.support.rounds import rounds
from tests.support.time import SettableClock

# So many examples take their time.
pytestmark = pytest.mark.timeout(rounds(180, 1800))

TOP: Final = 83
DELETED: Final = frozenset({1, 2, 40, 41, 42, TOP})
LONG: Final = frozenset({50, 51, 60})
ALL: Final = list(range(1, TOP + 1))
limits = st.integers(1, 100)
T = TypeVar("T")


class Room:
    """One room of :data:`TOP` messages, some deleted and some of them long, behind calls that wait for themselves."""

    def __init__(self, data: Path) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        house = self.runs(self._stack.enter_async_context(open_house(settings_on(data, limits=False), SettableClock())))
        self.ada: Person = self.runs(house.person("ada", is_admin=True))
        self.messages: Messages = house.chat.messages
        self.runs(self._fill())

    def runs(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def page(self, how: str, *arguments: int) -> list[int]:
        history = self.runs(getattr(self.messages, how)(self.ada, "general", *arguments))
        assert history.index == TOP
        return [message.index for message in history.messages]

    def close(self) -> None:
        self.runs(self._stack.aclose())
        self._runner.close()

    async def _fill(self) -> None:
        for index in ALL:
            await self.messages.post(self.ada, "general", "x" * (300 if index in LONG else 1))
        for index in DELETED:
            await self.messages.delete(self.ada, "general", index)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with pytest.MonkeyPatch.context() as patch:
        # Of long messages, fewer fit on a page than were asked for.
        patch.setattr(messages_module, "CHARACTERS", 500)
        opened = Room(tmp_path_factory.mktemp("paging"))
        yield opened
        opened.close()


@settings(max_examples=rounds(60, 3000), deadline=None)
@given(data=st.data())
def test_backwards_from_the_newest_every_message_comes_once(room: Room, data: st.DataObject) -> None:
    seen = room.page("recent", data.draw(limits))
    while seen[0] > 1:
        page = room.page("before", seen[0], data.draw(limits))
        assert page
        seen = page + seen
    assert seen == ALL


@settings(max_examples=rounds(60, 3000), deadline=None)
@given(data=st.data())
def test_forwards_from_the_first_every_message_comes_once(room: Room, data: st.DataObject) -> None:
    seen: list[int] = []
    while not seen or seen[-1] < TOP:
        page = room.page("after", seen[-1] if seen else 0, data.draw(limits))
        assert page
        seen += page
    assert seen == ALL


@settings(max_examples=rounds(60, 3000), deadline=None)
@given(start=st.integers(1, TOP), data=st.data())
def test_from_the_middle_both_ways_every_message_comes_once(room: Room, start: int, data: st.DataObject) -> None:
    seen = room.page("around", start, data.draw(limits))
    assert start in seen
    while seen != ALL:
        if seen[0] > 1 and (seen[-1] == TOP or data.draw(st.booleans())):
            seen = room.page("before", seen[0], data.draw(limits)) + seen
        else:
            seen += room.page("after", seen[-1], data.draw(limits))
        assert seen == list(range(seen[0], seen[-1] + 1))


@settings(max_examples=rounds(100, 3000), deadline=None)
@given(
    how=st.sampled_from(["before", "after", "around"]), index=st.integers(0, 2**53), limit=st.integers(-(2**70), 2**70)
)
def test_any_index_and_limit_gives_a_page_without_a_hole(room: Room, how: str, index: int, limit: int) -> None:
    if how == "around":
        limit = max(-1000, min(limit, 1000))
    page = room.page(how, index, limit)
    assert len(page) <= messages_module.MOST
    assert not page or page == list(range(page[0], page[-1] + 1))
