"""Whom to tell: rooms' subscriptions and people's sockets. Nothing here waits."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from chatapp.core.events import Close, Event, RoomRemoved, encode
from chatapp.core.models import Identity, Message
from chatapp.realtime.frames import text_frame

Voice = Callable[[str, Sequence[Message]], bytes]
"""How a room's changes sound to one kind of client: frames of (slug, changes), or b"" for silence."""


class Listener(Protocol):
    """A socket as the hub sees it."""

    @property
    def identity(self) -> Identity: ...

    def write(self, frames: bytes) -> bool:
        """Hand the bytes to the network; False when too much is already waiting there."""
        ...

    def tell(self, frame: bytes) -> None:
        """Write news that cannot be asked for again, past the bound if need be."""
        ...

    def fell_behind(self, subscription: Subscription) -> None:
        """Called once when a push could not be written."""
        ...

    def removed(self, subscription: Subscription) -> None:
        """Called when the right to hear the room is gone; nothing of it follows."""
        ...

    def end(self, code: int, reason: str) -> None: ...


class Subscription:
    """One socket's ear at one room.

    It begins behind (not live): whoever created it reads the log up to some point and calls
    :meth:`Hub.go_live`. ``version`` and ``index`` say up to where it has heard everything.
    """

    __slots__ = ("index", "is_closed", "is_live", "listener", "room_id", "version", "voice")

    def __init__(self, listener: Listener, room_id: int, voice: Voice) -> None:
        self.listener = listener
        self.room_id = room_id
        self.voice = voice
        self.version = 0
        self.index = 0
        self.is_live = False
        self.is_closed = False


class Audience:
    """Everybody who hears one room, and what they are about to hear."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.subscriptions: set[Subscription] = set()
        self.live: set[Subscription] = set()
        self.waiters: list[asyncio.Future[None]] = []
        self.pending: list[Message] = []
        self.version = 0
        self.index = 0

    @property
    def is_deserted(self) -> bool:
        return not self.subscriptions and not self.waiters and not self.pending


class Hub:
    """Rooms and people of this process."""

    def __init__(self) -> None:
        self._rooms: dict[int, Audience] = {}
        self._people: defaultdict[int, set[Listener]] = defaultdict(set)
        self._unflushed: list[int] = []
        # How often a credential was withdrawn: what was asked before is to be asked again.
        self.endings = 0
        # How often somebody was taken out of a room.
        self.removals = 0

    def __len__(self) -> int:
        return sum(len(listeners) for listeners in self._people.values())

    # People

    def enter(self, listener: Listener) -> None:
        self._people[listener.identity.person.id].add(listener)

    def exit(self, listener: Listener) -> None:
        person_id = listener.identity.person.id
        self._people[person_id].discard(listener)
        if not self._people[person_id]:
            del self._people[person_id]

    def is_here(self, person_id: int) -> bool:
        """Whether they have a socket open."""
        return person_id in self._people

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

    def end_person(self, person_id: int, except_session: str | None = None) -> None:
        self._end(
            lambda who: who.person.id == person_id and (except_session is None or who.session_digest != except_session)
        )

    def end_everyone(self, code: int, reason: str) -> None:
        for listener in self._listeners():
            listener.end(code, reason)

    def _end(self, concerns: Callable[[Identity], bool]) -> None:
        self.endings += 1
        for listener in self._listeners():
            if concerns(listener.identity):
                listener.end(Close.SESSION_ENDED, "session ended")

    def _listeners(self) -> list[Listener]:
        return [listener for listeners in self._people.values() for listener in listeners]

    # Rooms

    def join(self, listener: Listener, room_id: int, slug: str, voice: Voice) -> Subscription:
        """An ear that hears nothing yet. Join first, then check rights and read the log: what
        changes in between is noticed by :meth:`go_live` or by ``is_closed``."""
        subscription = Subscription(listener, room_id, voice)
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
            self._tidy(subscription.room_id, audience)

    def drop(self, room_id: int, person_id: int, slug: str) -> None:
        """A membership is gone: its subscriptions end in this very step."""
        self.removals += 1
        audience = self._rooms.get(room_id)
        for subscription in tuple(audience.subscriptions if audience else ()):
            if subscription.listener.identity.person.id == person_id:
                self.leave(subscription)
                subscription.listener.removed(subscription)
        self.tell([person_id], RoomRemoved(slug))

    def publish(self, room_id: int, changes: Sequence[Message]) -> None:
        """Pass on what was committed, in the order of commits; several calls of one turn become one frame."""
        audience = self._rooms.get(room_id)
        if audience is None:
            return
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush)
        if not audience.pending:
            self._unflushed.append(room_id)
        audience.pending.extend(changes)

    def whisper(self, room_id: int, event: Event, *, except_person: int) -> None:
        """Passing news (typing): to those who hear the room now, not kept for anybody."""
        audience = self._rooms.get(room_id)
        frame = text_frame(encode(event))
        for subscription in tuple(audience.live if audience else ()):
            if subscription.listener.identity.person.id != except_person:
                subscription.listener.write(frame)

    @contextmanager
    def watching(self, room_id: int, slug: str) -> Iterator[asyncio.Future[None]]:
        """A future that is done at the room's next change."""
        audience = self._audience(room_id, slug)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        audience.waiters.append(waiter)
        try:
            yield waiter
        finally:
            audience.waiters.remove(waiter)
            self._tidy(room_id, audience)

    def _audience(self, room_id: int, slug: str) -> Audience:
        return self._rooms.setdefault(room_id, Audience(slug))

    def _tidy(self, room_id: int, audience: Audience) -> None:
        if audience.is_deserted and self._rooms.get(room_id) is audience:
            del self._rooms[room_id]

    def _flush(self) -> None:
        rooms, self._unflushed = self._unflushed, []
        for room_id in rooms:
            audience = self._rooms[room_id]
            changes, audience.pending = audience.pending, []
            _deliver(audience, changes)
            audience.version = changes[-1].version
            audience.index = max(audience.index, *(message.index for message in changes))
            for waiter in audience.waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._tidy(room_id, audience)


def _deliver(audience: Audience, changes: Sequence[Message]) -> None:
    first = changes[0].version
    spoken: dict[Voice, bytes] = {}
    for subscription in tuple(audience.live):
        voice = subscription.voice
        if subscription.version >= first:
            # It read the log past a commit that had not been announced yet.
            frames = voice(audience.slug, [change for change in changes if change.version > subscription.version])
        elif voice in spoken:
            frames = spoken[voice]
        else:
            frames = spoken[voice] = voice(audience.slug, changes)
        if frames and not subscription.listener.write(frames):
            _fall_behind(audience, subscription)


def _fall_behind(audience: Audience, subscription: Subscription) -> None:
    subscription.version = max(subscription.version, audience.version)
    subscription.index = max(subscription.index, audience.index)
    subscription.is_live = False
    audience.live.discard(subscription)
    subscription.listener.fell_behind(subscription)
