"""Who hears a room, and how what is new reaches them: a few at a time, for nobody else is served meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from chatapp.core.models import Identity, Message

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
    """One socket's ear at one room: at all changes, or at new posts only.

    It begins behind (not live): whoever created it reads the log up to some point and calls
    :meth:`Hub.go_live`. ``version`` and ``index`` say up to where it has heard everything.
    """

    __slots__ = ("index", "is_closed", "is_live", "is_of_posts", "listener", "room_id", "version", "voice")

    def __init__(self, listener: Listener, room_id: int, voice: Voice, *, is_of_posts: bool = False) -> None:
        self.listener = listener
        self.room_id = room_id
        self.voice = voice
        self.is_of_posts = is_of_posts
        self.version = 0
        self.index = 0
        self.is_live = False
        self.is_closed = False


class Audience:
    """Everybody who hears one room, and what they are about to hear."""

    def __init__(self, room_id: int, slug: str) -> None:
        self.room_id = room_id
        self.slug = slug
        self.subscriptions: set[Subscription] = set()
        self.live: set[Subscription] = set()
        self.waiters: list[asyncio.Future[None]] = []
        self.pending: list[Message] = []
        # Up to where everybody has heard who was live before what is being delivered now.
        self.version = 0
        self.index = 0
        self._delivery: Delivery | None = None

    @property
    def is_busy(self) -> bool:
        return bool(self.pending) or self._delivery is not None

    @property
    def is_deserted(self) -> bool:
        return not self.subscriptions and not self.waiters and not self.is_busy

    @property
    def position(self) -> int:
        """Up to where everybody who is live has heard all, or is about to; there must be somebody."""
        if self.pending:
            return max(self.version, self.pending[-1].version)
        return self.version or min(subscription.version for subscription in self.live)

    def wake(self) -> None:
        """Those who wait for a change."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)

    def deliver(self, most: int) -> int:
        """Write what is pending to those who are live, or go on with that: to ``most`` of them. To how many it was."""
        delivery, self._delivery = self._delivery or self._begin(), None
        reached = delivery.goes_on(most)
        if reached == most:
            # There may be more.
            self._delivery = delivery
        return reached

    def _begin(self) -> Delivery:
        changes, self.pending = self.pending, []
        delivery = Delivery(self, changes)
        self.version = max(self.version, changes[-1].version)
        self.index = max(self.index, *(message.index for message in changes))
        self.wake()
        return delivery


class Delivery:
    """Some changes on their way to those who were live when it began; who goes live later has read them."""

    def __init__(self, audience: Audience, changes: Sequence[Message]) -> None:
        self._audience = audience
        self._changes = changes
        self._before = audience.version, audience.index
        self._left = iter(tuple(audience.live))
        self._spoken: dict[Voice, bytes] = {}
        self._posts_above: dict[tuple[Voice, int], bytes] = {}

    def goes_on(self, most: int) -> int:
        """Write to the next ``most``; fewer when all have been written to then."""
        reached = 0
        for subscription in islice(self._left, most):
            reached += 1
            if subscription.is_live:
                frames = self._posts(subscription) if subscription.is_of_posts else self._frames(subscription)
                if frames and not subscription.listener.write(frames):
                    self._leave_behind(subscription)
        return reached

    def _frames(self, subscription: Subscription) -> bytes:
        voice, slug, changes = subscription.voice, self._audience.slug, self._changes
        if subscription.version >= changes[0].version:
            # It read the log past a commit that had not been announced yet.
            return voice(slug, [change for change in changes if change.version > subscription.version])
        frames = self._spoken.get(voice)
        if frames is None:
            frames = self._spoken[voice] = voice(slug, changes)
        return frames

    def _posts(self, subscription: Subscription) -> bytes:
        """What was posted above what it has heard, as it is first told of: the rest is about changes."""
        voice, index = subscription.voice, max(subscription.index, self._before[1])
        frames = self._posts_above.get((voice, index))
        if frames is None:
            posts: dict[int, Message] = {}
            for message in self._changes:
                if message.index > index:
                    posts.setdefault(message.index, message)
            frames = voice(self._audience.slug, list(posts.values())) if posts else b""
            self._posts_above[voice, index] = frames
        return frames

    def _leave_behind(self, subscription: Subscription) -> None:
        version, index = self._before
        subscription.version = max(subscription.version, version)
        subscription.index = max(subscription.index, index)
        subscription.is_live = False
        self._audience.live.discard(subscription)
        subscription.listener.fell_behind(subscription)
