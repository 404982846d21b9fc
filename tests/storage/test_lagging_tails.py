"""Where others write too, what is in memory may lack something: then it is read again, and never served as whole."""

from __future__ import annotations

import asyncio

from chatapp.core.models import History, Message
from chatapp.storage.tail import MOST_LOADS, Tails
from tests.support.house import until
from tests.support.listener import message


class Log:
    """The log of one room; ``now`` ends the reads that are under way, as the log is then."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.reads = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.tails = Tails(self._read)

    def stores(self, count: int = 1) -> list[Message]:
        new = [message(len(self.messages) + number) for number in range(1, count + 1)]
        self.messages += new
        return new

    async def _read(self, _room_id: int, limit: int) -> History:
        self.reads += 1
        found = tuple(self.messages[-limit:])
        await self.may_end.wait()
        return History(found, len(self.messages[: len(found)]), found[-1].version if found else 0)


async def _version(log: Log, at_least: int = 0) -> int:
    return (await log.tails.of(1, at_least)).version


async def test_what_follows_is_taken_in_without_a_read() -> None:
    log = Log()
    log.stores()
    assert await _version(log) == 1
    log.tails.apply(1, log.stores(2))
    assert (await _version(log, at_least=3), log.reads) == (3, 1)


async def test_what_does_not_follow_has_it_read_again() -> None:
    log = Log()
    log.stores()
    assert await _version(log) == 1
    log.stores()
    log.tails.apply(1, log.stores())
    assert (await _version(log), log.reads) == (3, 2)


async def test_less_than_is_known_of_the_room_is_not_served() -> None:
    log = Log()
    log.stores()
    assert await _version(log) == 1
    log.stores(4)
    assert (await _version(log), await _version(log, at_least=5), log.reads) == (1, 5, 2)


async def test_a_number_alone_is_enough_to_forget() -> None:
    log = Log()
    log.stores()
    assert await _version(log) == 1
    log.tails.reached(1, 1)
    assert log.tails.known(1) is not None
    log.stores()
    log.tails.reached(1, 2)
    assert await _version(log) == 2


async def test_a_read_that_began_before_is_not_enough() -> None:
    log = Log()
    log.may_end.clear()
    log.stores()
    early = asyncio.ensure_future(_version(log))
    await until(lambda: log.reads == 1)
    log.stores()
    late = asyncio.ensure_future(_version(log, at_least=2))
    await asyncio.sleep(0)
    log.may_end.set()
    assert (await early, await late) == (1, 2)


async def test_what_is_heard_of_during_a_read_is_not_forgotten_after_it() -> None:
    log = Log()
    log.may_end.clear()
    log.stores()
    reading = asyncio.ensure_future(_version(log))
    await until(lambda: log.reads == 1)
    log.stores()
    log.tails.reached(1, 2)
    log.may_end.set()
    await reading
    assert await _version(log) == 2


async def test_where_what_is_heard_of_during_a_read_has_a_hole_nothing_is_kept() -> None:
    log = Log()
    log.may_end.clear()
    log.stores()
    reading = asyncio.ensure_future(_version(log))
    await until(lambda: log.reads == 1)
    log.stores()
    log.tails.apply(1, log.stores())
    log.may_end.set()
    assert (await reading, log.tails.known(1)) == (1, None)
    assert (await _version(log), log.reads) == (3, 2)


async def test_a_log_that_stays_behind_is_not_read_without_end() -> None:
    log = Log()
    log.stores()
    assert (await _version(log, at_least=9), log.reads) == (1, MOST_LOADS + 1)
