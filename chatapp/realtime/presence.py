"""Who is here: told to those who share a room with them, and to other processes; changes of a second in one frame."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import Final

import msgspec
import structlog

from chatapp.core.errors import ChatError
from chatapp.core.models import Presence, Roommate
from chatapp.realtime.attendance import Attendance
from chatapp.realtime.audience import Listener
from chatapp.realtime.company import Company
from chatapp.realtime.hints import Present
from chatapp.realtime.hub import WRITES_A_TURN
from chatapp.realtime.telling import Telling

SOON_SECONDS: Final = 0.1
EVERY_SECONDS: Final = 1.0
# A page that is loaded anew is back by then.
GRACE_SECONDS: Final = 5.0
BEAT_SECONDS: Final = 5.0
# A process that says nothing for so long is gone, and with it those who were connected there.
BELIEVED_SECONDS: Final = 3 * BEAT_SECONDS
READ_AT_ONCE: Final = 500
# Fewer bytes than a hint may have (realtime/hints.py).
SAID_AT_ONCE: Final = 300

Read = Callable[[Collection[int]], Awaitable[Mapping[int, Roommate]]]
"""People with the rooms they are in, by id, from the database; without those who are shut out."""
Say = Callable[[Present], None]

log = structlog.get_logger()


class PresenceBoard:
    """Nothing is kept of who is not here. ``heartbeat`` is that of the sockets, in seconds."""

    def __init__(self, read: Read, *, heartbeat: float, attendance: Attendance | None = None) -> None:
        self._read = read
        self._grace = min(GRACE_SECONDS, heartbeat / 2)
        self._say: Say | None = None
        self._process = ""
        self.others: dict[str, float] = {}  # When each process was last heard.
        self._attendance = attendance or Attendance()
        self._company = Company()
        self._listening: dict[int, set[Listener]] = {}
        # Of whom a socket has just ended: nothing is concluded from that yet.
        self._awaited: dict[int, asyncio.TimerHandle] = {}
        # What is to be done: people to look at, to look up, to tell of though they are here as before, to say to
        # others; who has left which room; sockets that are to hear everything.
        self._changed: set[int] = set()
        self._unread: set[int] = set()
        self._moved: set[int] = set()
        self._unsaid: set[int] = set()
        self._parted: set[tuple[int, int]] = set()
        self._anew: set[Listener] = set()
        self._spoke_at = 0.0
        self._speaking: asyncio.Task[None] | None = None
        self._is_closed = False

    # Sockets of this process

    def came(self, listener: Listener) -> None:
        """It counts as used until it says otherwise."""
        self._attendance.put(listener, is_active=True)
        self._count(listener.identity.person.id)

    def use(self, listener: Listener, *, is_active: bool) -> None:
        """Whether its person does something there; from the first time on it is told who else is here."""
        person_id = listener.identity.person.id
        self._attendance.put(listener, is_active=is_active)
        listening = self._listening.setdefault(person_id, set())
        if listener not in listening:
            listening.add(listener)
            self._anew.add(listener)
            self._wake()
        if is_active or person_id not in self._awaited:
            self._count(person_id)

    def went(self, listener: Listener, *, is_lost: bool) -> None:
        """``is_lost``: it has been silent for long already, and its person is not waited for."""
        person_id = listener.identity.person.id
        self._attendance.take(listener)
        self._anew.discard(listener)
        listening = self._listening.get(person_id, set())
        listening.discard(listener)
        if not listening:
            self._listening.pop(person_id, None)
        if not is_lost:
            self._wait_for(person_id)
        elif person_id not in self._awaited:
            self._count(person_id)

    # What has happened to people

    def doubt(self, person_ids: Iterable[int]) -> None:
        """Their account or their rooms may have changed."""
        self._unread.update(each for each in person_ids if self._is_anywhere(each))
        self._wake()

    def doubt_everyone(self) -> None:
        self.doubt(self._company.people())

    def parted(self, person_id: int, room_id: int) -> None:
        """At once: of who has left a room nothing more is told there, nor to them of those who are in it."""
        self._company.part(person_id, room_id)
        self._note_parted(person_id, [room_id])
        self._anew |= self._listening.get(person_id, set())
        self.doubt([person_id])
        self._wake()

    # What may be known

    def presence(self, person_id: int) -> Presence:
        """As everybody who may know sees it."""
        return self._company.presence(person_id)

    def presence_of(self, username: str, rooms: frozenset[int]) -> Presence:
        """As somebody who is in these rooms sees it."""
        return self._company.presence_of(username, rooms)

    def away_ms(self, person_id: int) -> int:
        return self._attendance.away_ms(person_id)

    # Other processes

    def says_to(self, say: Say, process: str) -> None:
        """``process``: what it calls itself."""
        self._say, self._process = say, process

    async def beat(self) -> None:
        """To be called every :data:`BEAT_SECONDS`: what is not said again is not believed for long."""
        now = asyncio.get_running_loop().time()
        self.others = {process: at for process, at in self.others.items() if now - at < BELIEVED_SECONDS}
        for person_id in self._attendance.expire(now):
            self._note(person_id)
        self._tell_others(self._attendance.here)

    def heard(self, hint: Present) -> None:
        now, is_new = asyncio.get_running_loop().time(), hint.process not in self.others
        self.others[hint.process] = now
        for person_id, presence in hint.people:
            before = self._attendance.of(person_id)
            self._attendance.hear(hint.process, person_id, presence, now + BELIEVED_SECONDS)
            if self._attendance.of(person_id) != before:
                self._note(person_id)
        if is_new:
            # It has just begun, and knows nobody.
            self._tell_others(self._attendance.here)

    async def close(self) -> None:
        self._is_closed = True
        for timer in self._awaited.values():
            timer.cancel()
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.gather(self._speaking, return_exceptions=True)

    def _tell_others(self, person_ids: Iterable[int]) -> None:
        if self._say is None:
            return
        here = self._attendance.here
        people = tuple((each, here.get(each, "offline")) for each in person_ids)
        for start in range(0, max(len(people), 1), SAID_AT_ONCE):
            self._say(Present(self._process, people[start : start + SAID_AT_ONCE]))

    # Telling

    def _wait_for(self, person_id: int) -> None:
        """From now on: an earlier end may not cut short what is granted after a later one."""
        earlier = self._awaited.pop(person_id, None)
        if earlier is not None:
            earlier.cancel()
        if not self._is_closed:
            loop = asyncio.get_running_loop()
            self._awaited[person_id] = loop.call_later(self._grace, self._wait_no_more, person_id)

    def _wait_no_more(self, person_id: int) -> None:
        del self._awaited[person_id]
        self._count(person_id)

    def _count(self, person_id: int) -> None:
        if self._attendance.count(person_id):
            self._unsaid.add(person_id)
            self._note(person_id)

    def _note(self, person_id: int) -> None:
        self._changed.add(person_id)
        if person_id not in self._company:
            self._unread.add(person_id)
        self._wake()

    def _wake(self) -> None:
        if not self._is_closed and (self._speaking is None or self._speaking.done()):
            self._speaking = asyncio.create_task(self._speak(), name="presence")

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        while any((self._changed, self._unread, self._moved, self._unsaid, self._parted, self._anew)):
            await asyncio.sleep(max(SOON_SECONDS, self._spoke_at + EVERY_SECONDS - loop.time()))
            self._spoke_at = loop.time()
            try:
                await self._look_up()
                await self._tell()
            except ChatError:
                # The database is away, and says so itself.
                pass
            except Exception:
                log.exception("presence.failed")

    async def _look_up(self) -> None:
        while wanted := set(islice(self._unread, READ_AT_ONCE)):
            self._unread -= wanted
            try:
                found = await self._read(wanted)
            except BaseException:
                self._unread |= wanted
                raise
            # Of whom something has happened meanwhile, what was found may be over.
            for person_id in wanted - self._unread:
                self._learn(person_id, found.get(person_id))

    def _learn(self, person_id: int, found: Roommate | None) -> None:
        is_known, before = person_id in self._company, self._company.rooms(person_id)
        status = self._company.status(person_id)
        if found is None:
            if not is_known:
                return
            found = msgspec.structs.replace(self._company[person_id], is_hidden=True)
        self._company.learn(person_id, found)
        self._changed.add(person_id)
        if is_known and status != self._company.status(person_id):
            self._moved.add(person_id)
        if is_known and before != found.rooms:
            self._note_parted(person_id, before - found.rooms)
            self._moved.add(person_id)
            self._anew |= self._listening.get(person_id, set())

    def _note_parted(self, person_id: int, room_ids: Iterable[int]) -> None:
        # Of who is not shown nobody knows anything; that they are gone would say that they were here.
        if self._company.presence(person_id) != "offline":
            self._parted |= {(person_id, room_id) for room_id in room_ids}

    async def _tell(self) -> None:
        changed, self._changed = self._changed, set()
        moved, self._moved = self._moved, set()
        parted, self._parted = self._parted, set()
        unsaid, self._unsaid = self._unsaid, set()
        if unsaid:
            self._tell_others(unsaid)
        news = {each for each in changed if self._is_shown_anew(each)}
        news |= {each for each in moved if self._company.presence(each) != "offline"}
        await self._write(Telling(self._company, news, parted))
        for person_id in changed:
            if not self._is_anywhere(person_id):
                self._company.forget(person_id)

    def _is_shown_anew(self, person_id: int) -> bool:
        """Whether they are shown otherwise than before, from now on."""
        if person_id not in self._company:
            # Forgotten, and here again since.
            self._unread.update({person_id} if self._is_anywhere(person_id) else ())
            return False
        presence = self._to_be_shown(person_id)
        if presence == self._company.presence(person_id):
            return False
        self._company.show(person_id, presence)
        return True

    def _to_be_shown(self, person_id: int) -> Presence:
        who, presence = self._company[person_id], self._attendance.of(person_id)
        if who.is_hidden:
            return "offline"
        return "away" if who.is_away and presence == "online" else presence

    def _is_anywhere(self, person_id: int) -> bool:
        return self._attendance.of(person_id) != "offline" or self._company.presence(person_id) != "offline"

    async def _write(self, telling: Telling) -> None:
        """To everybody who is to hear it, some at a time."""
        anew, self._anew = self._anew, set()
        written = 0
        for person_id, listeners in tuple(self._listening.items()):
            for listener in tuple(listeners):
                if listener not in listeners or listener in self._anew:
                    # Gone meanwhile, or to hear everything the next time.
                    continue
                frames = telling.everything(person_id) if listener in anew else telling.changes(person_id)
                if frames and not (person_id in self._company and listener.write(frames)):
                    self._anew.add(listener)
                written += 1
                if written % WRITES_A_TURN == 0:
                    await asyncio.sleep(0)
                    if self._parted:
                        telling.look_again()
