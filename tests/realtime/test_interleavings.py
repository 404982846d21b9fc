"""In whatever order commits, announcements, readers and slow sockets come: every change is heard, once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatapp.core.models import History
from chatapp.realtime import hub
from chatapp.realtime.audience import Subscription
from chatapp.realtime.hub import Hub
from chatapp.storage.tail import Tail
from tests.support.listener import listener, message, numbers
from tests.support.rounds import rounds

EARS: Final = 3
ROOM: Final = 1
# The most changes that are read from the disk at once.
PAGE: Final = 2


class Client:
    """Follows the room as docs/protocol.md says; ``log`` is what it knows, from the log and from news."""

    def __init__(self, hub: Hub, store: Store, number: int) -> None:
        self.ear = listener(number)
        self._hub = hub
        self._store = store
        self._subscription: Subscription | None = None
        self._read_to: int | None = None
        self._taken = 0
        self.start = 0
        self.log: list[int] = []

    def moves_on(self) -> None:
        """The next step of subscribing or of catching up: join, then read, then go live."""
        subscription = self._subscription
        if subscription is None:
            self._subscription = self._hub.join(self.ear, ROOM, "general", numbers)
            self._taken, self.log, self.start = len(self.ear.heard), [], self._store.disk
        elif subscription.is_live:
            return
        elif self._read_to is None:
            self._reads(subscription)
        else:
            self._hub.go_live(subscription, self._read_to, self._read_to)
            self._read_to = None

    def starts_again(self) -> None:
        if self._subscription is not None:
            self._hub.leave(self._subscription)
        self._subscription = self._read_to = None
        self.log = []

    def check(self) -> None:
        """Nothing is missing, double or out of order in what it knows so far."""
        self._take_news()
        assert self.log == list(range(self.start + 1, self.start + 1 + len(self.log)))

    def comes_home(self) -> None:
        self.ear.is_reading = True
        for _ in range(4 + self._store.disk // PAGE):
            self.moves_on()
        assert self._subscription is not None
        assert self._subscription.is_live

    def _reads(self, subscription: Subscription) -> None:
        self._take_news()
        versions, is_all, top = self._store.changes(max(subscription.version, self.start))
        self.log += versions
        subscription.version = top if is_all else versions[-1]
        self._read_to = top if is_all else None

    def _take_news(self) -> None:
        if self._subscription is not None:
            self.log += self.ear.heard[self._taken :]
            self._taken = len(self.ear.heard)


class Store:
    """``disk`` is what is committed, ``tail`` what memory was told of it."""

    def __init__(self) -> None:
        self.disk = 0
        self.tail = Tail(History((), 0, 0))

    def changes(self, after: int) -> tuple[Sequence[int], bool, int]:
        """Their versions, whether that is all, and how far the room has come: from memory where it knows them."""
        if (known := self.tail.changes(after)) is not None:
            return [change.version for change in known.messages], True, known.version
        missing = range(after + 1, self.disk + 1)
        return missing[:PAGE], len(missing) <= PAGE, self.disk


class World:
    """The hub hears of what is committed later than the disk has it."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.store = Store()
        self.clients = [Client(self.hub, self.store, number) for number in range(EARS)]

    def commits(self) -> None:
        self.store.disk += 1

    def announces(self) -> None:
        news = [message(version) for version in range(self.store.tail.version + 1, self.store.disk + 1)]
        if news:
            assert self.store.tail.apply(news)
            self.hub.publish(ROOM, news)

    def forgets(self) -> None:
        """What was last used long ago: what happened so far can only be read from the disk."""
        version = self.store.tail.version
        self.store.tail = Tail(History((), version, version))

    async def takes(self, step: str) -> None:
        what, _, number = step.partition(" ")
        client = self.clients[int(number or 0)]
        steps: dict[str, Callable[[], None]] = {
            "commit": self.commits,
            "announce": self.announces,
            "forget": self.forgets,
            "move": client.moves_on,
            "again": client.starts_again,
            "stall": lambda: setattr(client.ear, "is_reading", False),
            "read": lambda: setattr(client.ear, "is_reading", True),
        }
        if what == "turn":
            await asyncio.sleep(0)
        else:
            steps[what]()

    async def settles(self) -> None:
        """Once all is announced and everybody reads again, everybody knows everything."""
        await self._is_told()
        for client in self.clients:
            client.comes_home()
        self.commits()
        await self._is_told()
        for client in self.clients:
            client.check()
            assert client.start + len(client.log) == self.store.disk

    async def _is_told(self) -> None:
        self.announces()
        while self.hub._unflushed:  # noqa: ASYNC110 - the hub tells nobody when it is done
            await asyncio.sleep(0)


_common = ["commit", "announce", "turn", "commit", "announce", "turn", "forget"]
_live = ["move 0"] * 3
_of_each = [f"{what} {number}" for number in range(EARS) for what in ("move", "move", "move", "again", "stall", "read")]


@pytest.mark.parametrize("at_once", [1, 2, hub.WRITES_A_TURN])
@given(steps=st.lists(st.sampled_from(_common + _of_each), min_size=10, max_size=60))
@example(steps=["move 0", "move 0", "commit", "announce", "turn", "move 0", "commit", "announce", "turn"])
@example(steps=["move 0", "commit", "announce", "move 0", "move 0", "turn", "commit", "announce", "turn"])
@example(
    steps=[*["move 0"] * 3, "commit", "announce", "turn", "stall 0", "commit", "announce", "turn", "read 0", "move 0"]
)
@example(steps=[*["commit"] * 3, *["move 0"] * 4, "announce", "turn"])
@settings(max_examples=rounds(100, 10_000), deadline=None)
def test_every_change_is_heard_once_and_in_order(at_once: int, steps: list[str]) -> None:
    async def play() -> None:
        world = World()
        for step in steps:
            await world.takes(step)
            for client in world.clients:
                client.check()
        await world.settles()

    with patch.object(hub, "WRITES_A_TURN", at_once):
        asyncio.run(play())
