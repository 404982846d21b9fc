"""Says what has happened, to those who are connected here and in every other process on the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import msgspec
import structlog

from chatapp.core import notices
from chatapp.core.errors import ChatError
from chatapp.core.events import Close, Read, RoomAdded, Typing
from chatapp.core.limits import Limits
from chatapp.core.models import Message
from chatapp.core.notices import (
    AnyNotice,
    Begun,
    Counted,
    MembershipEnded,
    PersonEnded,
    PresenceChanged,
    Renamed,
    SessionEnded,
    TokenEnded,
    Told,
    Unheard,
)
from chatapp.domain.counting import HELD_SECONDS, Counting
from chatapp.domain.neighbours import Neighbours
from chatapp.realtime.audience import Listener
from chatapp.realtime.bus import Bus
from chatapp.realtime.hints import AnyHint, Grown, HasRead, Held, Noticed, Present, Taken, Whispered, grown
from chatapp.realtime.hub import Hub
from chatapp.realtime.presence import BEAT_SECONDS, PresenceBoard
from chatapp.realtime.sequencer import Sequencer
from chatapp.storage import notices as rows
from chatapp.storage import rooms
from chatapp.storage.database import Database, Transaction
from chatapp.storage.messages import Log

# Should the bus lose what it was given.
NOTICES_SECONDS: Final = 1.0
ROOMS_SECONDS: Final = 30.0
NOBODY: Final = Begun()

log = structlog.get_logger()


class News:
    """Without a ``bus`` this process is the only one: nothing is written and nothing is sent.

    Notices are rows, and each process does what they say in their order; the bus says only that there are some.
    """

    def __init__(
        self,
        *,
        database: Database,
        hub: Hub,
        log: Log,
        presence: PresenceBoard,
        limits: Limits,
        bus: Bus | None = None,
        begun: Begun = NOBODY,
    ) -> None:
        self._database = database
        self._hub = hub
        self._log = log
        self.presence = presence
        self._bus = bus
        self.limits = limits
        self._counting = Counting(limits)
        self._neighbours = Neighbours(bus, presence, begun)
        self._last = 0
        self._noticed = asyncio.Event()
        self._doubted = asyncio.Event()
        self.sequencer = Sequencer(hub, log.since)

    # What is said

    async def say(self, tx: Transaction, *said: AnyNotice) -> None:
        """Have every process do that once this transaction is committed."""
        if self._bus is None:
            for notice in said:
                tx.after_commit(partial(self._do, notice))
        elif said:
            await rows.insert(tx, [notices.encode(notice) for notice in said])
            # With those of others that were not read yet: theirs were committed before, and come first.
            tx.after_commit(partial(self._said, await rows.since(tx, self._last)))

    def committed(self, room_id: int, changes: Sequence[Message]) -> None:
        """Pass on what the journal has stored, in the order of commits."""
        if self._bus is None:
            self._hub.publish(room_id, changes)
            return
        self.sequencer.arrived(room_id, changes[0].version, changes[-1].version, changes)
        for hint in grown(room_id, changes):
            self._bus.publish(hint)

    def whisper(self, room_id: int, news: Typing, *, except_person: int) -> None:
        """To those who hear the room now."""
        self._hub.whisper(room_id, news, except_person=except_person)
        if self._bus is not None:
            self._bus.publish(Whispered(room_id, news, except_person))

    def has_read(self, person_id: int, news: Read, heard_by: Listener | None) -> None:
        """To their other sockets. May be lost: the next says it as well."""
        self._hub.tell([person_id], news, except_for=heard_by)
        if self._bus is not None:
            self._bus.publish(HasRead(person_id, news))

    @asynccontextmanager
    async def counting(self, tx: Transaction | None = None) -> AsyncIterator[None]:
        """Within, the counters of tries know what every other process has counted, and what they count these know
        before anything comes of it. ``tx``: one that is alone, and goes on. Raises ``Unavailable``."""
        if self._bus is None or not self._counting.is_on:
            yield
        elif tx is None:
            async with self._database.transaction() as tx, self.counting(tx):
                yield
        else:
            self._take(await rows.since(tx, self._last))
            yield
            await self.say(tx, *self._counting.counted())

    # What is heard

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hear the other processes until the block ends."""
        try:
            async with self._with_others():
                yield
        finally:
            await self.presence.close()

    @asynccontextmanager
    async def _with_others(self) -> AsyncIterator[None]:
        if self._bus is None:
            yield
            return
        await self._begin(self._bus)
        self.presence.says_to(self._bus.publish, self._bus.source)
        async with self._bus.running(self._heard, self._missed):
            tasks = [
                asyncio.create_task(_again_and_again(self._noticed, NOTICES_SECONDS, self._read_notices)),
                asyncio.create_task(_again_and_again(self._doubted, ROOMS_SECONDS, self._check_rooms)),
                asyncio.create_task(_again_and_again(asyncio.Event(), BEAT_SECONDS, self._beat)),
                asyncio.create_task(_again_and_again(asyncio.Event(), HELD_SECONDS, self._counting.say_held)),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self.sequencer.close()

    async def _begin(self, bus: Bus) -> None:
        """From here on: there is a row that this process has read."""
        async with self._database.transaction() as tx:
            before = await rows.since(tx, 0)
            await rows.insert(tx, [notices.encode(self._neighbours.begun)])
            self._last = await rows.newest(tx)
        for _, payload in before:
            with suppress(msgspec.MsgspecError):
                if isinstance(notice := notices.decode(payload), Counted):
                    self._counting.count(notice)
        self._counting.begin(bus.mention, bus.source)

    def _heard(self, hint: AnyHint) -> None:
        match hint:
            case Grown(room_id, first, last, changes):
                if changes:
                    self._log.tails.apply(room_id, changes)
                else:
                    self._log.tails.reached(room_id, last)
                self.sequencer.arrived(room_id, first, last, changes)
            case Noticed():
                self._noticed.set()
            case Whispered(room_id, news, except_person):
                self._hub.whisper(room_id, news, except_person=except_person)
            case HasRead(person_id, read):
                self._hub.tell([person_id], read)
            case Present():
                self.presence.heard(hint)
            case Taken() | Held():
                self._counting.heard(hint)

    def _missed(self) -> None:
        self._noticed.set()
        self._doubted.set()

    def _said(self, found: Sequence[tuple[int, str]]) -> None:
        self._take(found)
        if self._bus is not None:
            self._bus.publish(Noticed())

    async def _read_notices(self) -> None:
        self._take(await rows.since(self._database, self._last))

    def _take(self, found: Sequence[tuple[int, str]]) -> None:
        """Do what is new; the rows begin with the last one that was read, unless that is gone."""
        if not found or found[0][0] > self._last:
            self._start_over(found[-1][0] if found else self._last)
        for number, payload in found:
            # Read twice: by the transaction that wrote it, and by who looked meanwhile.
            if number > self._last:
                self._last = number
                self._understand(payload)

    def _understand(self, payload: str) -> None:
        try:
            notice = notices.decode(payload)
        except msgspec.MsgspecError as error:
            log.warning("notice.unknown", error=str(error))
            self._start_over(self._last)
        else:
            self._do(notice)

    def _start_over(self, last: int) -> None:
        """Something was missed: everybody comes back, and is looked up anew."""
        log.warning("notices.missed", detail="All sockets are closed, to come back.")
        self._last = last
        self._log.tails.forget()
        self._hub.doubt_everyone()
        self.presence.doubt_everyone()
        self._hub.end_everyone(Close.RESTART, "restart")

    def _do(self, notice: AnyNotice) -> None:
        match notice:
            case SessionEnded(digest):
                self._hub.end_session(digest)
            case TokenEnded(token_id):
                self._hub.end_token(token_id)
            case PersonEnded(person_id):
                self._hub.end_person(person_id)
            case MembershipEnded(room_id, person_id, room):
                self._hub.drop(room_id, person_id, room)
            case Renamed(renamed):
                self._log.tails.forget()
                self._hub.tell_everyone(renamed)
            case Told(person_ids, news):
                self._hub.tell(person_ids, news)
            case Counted():
                self._counting.count(notice)
            case Begun():
                self._neighbours.began(notice)
            case Unheard():
                self._neighbours.missed(notice)
        self._look_whom_to_show(notice)

    def _look_whom_to_show(self, notice: AnyNotice) -> None:
        """Some are in other rooms now, or shut out, or do not want to be seen."""
        match notice:
            case MembershipEnded(room_id, person_id):
                self.presence.parted(person_id, room_id)
            case PersonEnded(person_id) | PresenceChanged(person_id):
                self.presence.doubt([person_id])
            case Told(person_ids, RoomAdded()):
                self.presence.doubt(person_ids)

    async def _beat(self) -> None:
        await self.presence.beat()
        if unheard := self._neighbours.unheard():
            async with self._database.transaction() as tx:
                await self.say(tx, *unheard)

    async def _check_rooms(self) -> None:
        heard = self._hub.heard_rooms()
        if heard:
            for room_id, top in await rooms.tops(self._database, heard):
                self._log.tails.reached(room_id, top)
                self.sequencer.arrived(room_id, top, top)


async def _again_and_again(asked: asyncio.Event, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """When asked, and every so often; what fails is tried again."""
    while True:
        asked.clear()
        try:
            await work()
        except ChatError:
            # The database is away, and says so itself.
            pass
        except Exception:
            log.exception("news.failed")
        try:
            async with asyncio.timeout(seconds):
                await asked.wait()
        except TimeoutError:
            pass
