"""Whom to tell: rooms' subscriptions and people's sockets. Nothing here waits."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from chatapp.core.events import Close, Event, RoomRemoved, encode
from chatapp.core.models import Identity, Message
from chatapp.realtime.audience import Audience, Listener, Subscription, Voice
from chatapp.realtime.frames import text_frame

# So many are written to without a break, which takes some milliseconds; everything else waits meanwhile. Not counted in
# milliseconds: what happens in which turn would depend on the machine.
WRITES_A_TURN: Final = 128


class Hub:
    """Rooms and people of this process."""

    def __init__(self) -> None:
        self._rooms: dict[int, Audience] = {}
        self._people: defaultdict[int, set[Listener]] = defaultdict(set)
        self._count = 0
        self._unflushed: deque[Audience] = deque()
        # How often a credential was withdrawn: what was asked before is to be asked again.
        self.endings = 0
        # How often somebody was taken out of a room.
        self.removals = 0
        # Whether the process is about to end: nobody is to begin to wait for news.
        self.is_draining = False

    def __len__(self) -> int:
        return self._count

    # People

    def enter(self, listener: Listener) -> None:
        self._people[listener.identity.person.id].add(listener)
        self._count += 1

    def exit(self, listener: Listener) -> None:
        person_id = listener.identity.person.id
        listeners = self._people.get(person_id, set())
        if listener in listeners:
            listeners.remove(listener)
            self._count -= 1
        if not listeners:
            self._people.pop(person_id, None)

    def tell(self, person_ids: Iterable[int], event: Event, *, except_for: Listener | None = None) -> None:
        """News for people, on all their sockets."""
        frame = text_frame(encode(event))
        for person_id in person_ids:
            for listener in tuple(self._people.get(person_id, ())):
                if listener is not except_for:
                    listener.tell(frame)

    def tell_everyone(self, event: Event) -> None:
        self.tell(tuple(self._people), event)

    def end_session(self, digest: str) -> None:
        self._end(lambda identity: identity.session_digest == digest)

    def end_token(self, token_id: int) -> None:
        self._end(lambda identity: identity.token_id == token_id)

    def end_person(self, person_id: int) -> None:
        self._end(lambda identity: identity.person.id == person_id)

    def doubt_everyone(self) -> None:
        """Have everything asked again that was asked before."""
        self.endings += 1
        self.removals += 1

    def end_everyone(self, code: int, reason: str) -> None:
        """All sockets; who waits without one waits no longer."""
        self._wake()
        for listener in self._listeners():
            listener.end(code, reason)

    def _end(self, concerns: Callable[[Identity], bool]) -> None:
        self.endings += 1
        # Who waits for a change is not to learn of one by how long it took to be refused.
        self._wake()
        for listener in self._listeners():
            if concerns(listener.identity):
                listener.end(Close.SESSION_ENDED, "session ended")

    def _wake(self) -> None:
        for audience in self._rooms.values():
            audience.wake()

    def _listeners(self) -> list[Listener]:
        return [listener for listeners in self._people.values() for listener in listeners]

    # Rooms

    def join(
        self, listener: Listener, room_id: int, slug: str, voice: Voice, *, is_of_posts: bool = False
    ) -> Subscription:
        """An ear that hears nothing yet. Join first, then check rights and read the log: what
        changes in between is noticed by :meth:`go_live` or by ``is_closed``."""
        subscription = Subscription(listener, room_id, voice, is_of_posts=is_of_posts)
        self._audience(room_id, slug).subscriptions.add(subscription)
        return subscription

    def go_live(self, subscription: Subscription, version: int, index: int) -> bool:
        """Let news through from above ``version`` on; False when some has already gone by."""
        audience = self._rooms[subscription.room_id]
        if audience.version > version:
            return False
        subscription.version, subscription.index, subscription.is_live = version, index, True
        audience.live.add(subscription)
        return True

    def leave(self, subscription: Subscription) -> None:
        subscription.is_closed, subscription.is_live = True, False
        audience = self._rooms.get(subscription.room_id)
        if audience is not None:
            audience.subscriptions.discard(subscription)
            audience.live.discard(subscription)
            self._tidy(audience)

    def drop(self, room_id: int, person_id: int, slug: str) -> None:
        """A membership is gone: its subscriptions end in this very step."""
        self.removals += 1
        audience = self._rooms.get(room_id)
        for subscription in tuple(audience.subscriptions if audience else ()):
            if subscription.listener.identity.person.id == person_id:
                self.leave(subscription)
                subscription.listener.removed(subscription)
        if audience is not None:
            audience.wake()
        self.tell([person_id], RoomRemoved(slug))

    def publish(self, room_id: int, changes: Sequence[Message]) -> None:
        """Pass on what was committed, in the order of commits; several calls of one turn become one frame."""
        audience = self._rooms.get(room_id)
        if audience is None:
            return
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush)
        if not audience.is_busy:
            self._unflushed.append(audience)
        audience.pending.extend(changes)

    def position(self, room_id: int) -> int | None:
        """The version up to which everybody live in the room has heard all, or is about to; None: nobody is."""
        audience = self._rooms.get(room_id)
        return None if audience is None or not audience.live else audience.position

    def reached(self, room_id: int, version: int) -> None:
        """The room has come so far while nobody is live: who wants to be must have read that."""
        audience = self._rooms.get(room_id)
        if audience is not None and not audience.live and version > audience.version:
            audience.version = version
            audience.wake()

    def heard_rooms(self) -> list[int]:
        """The ids of rooms that somebody hears or is about to."""
        return list(self._rooms)

    def whisper(self, room_id: int, event: Event, *, except_person: int) -> None:
        """Passing news (typing): to those who hear the room now, not kept for anybody."""
        audience = self._rooms.get(room_id)
        frame = text_frame(encode(event))
        for subscription in tuple(audience.live if audience else ()):
            if subscription.listener.identity.person.id != except_person:
                subscription.listener.write(frame)

    @contextmanager
    def watching(self, room_id: int, slug: str) -> Iterator[asyncio.Future[None]]:
        """A future that is done at the room's next change, or when the right to hear of it may have ended."""
        audience = self._audience(room_id, slug)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        audience.waiters.append(waiter)
        try:
            yield waiter
        finally:
            audience.waiters.remove(waiter)
            self._tidy(audience)

    def _audience(self, room_id: int, slug: str) -> Audience:
        return self._rooms.setdefault(room_id, Audience(room_id, slug))

    def _tidy(self, audience: Audience) -> None:
        if audience.is_deserted and self._rooms.get(audience.room_id) is audience:
            del self._rooms[audience.room_id]

    def _flush(self) -> None:
        """Write to some, room by room; to the others after whatever else waits for its turn."""
        left = WRITES_A_TURN
        try:
            while self._unflushed and left:
                left -= self._deliver(self._unflushed.popleft(), left)
        finally:
            if self._unflushed:
                asyncio.get_running_loop().call_soon(self._flush)

    def _deliver(self, audience: Audience, most: int) -> int:
        try:
            return audience.deliver(most)
        finally:
            if audience.is_busy:
                self._unflushed.append(audience)
            else:
                self._tidy(audience)
