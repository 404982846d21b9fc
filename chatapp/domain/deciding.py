"""Decides who gets a notice of what was said: after the commit, by the log, from where each room's cursor stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from chatapp.core.models import Message
from chatapp.core.notifications import AWAY_MS, is_meant
from chatapp.domain.turns import Turns
from chatapp.realtime.presence import PresenceBoard
from chatapp.storage import push as rows
from chatapp.storage import pushes
from chatapp.storage.database import Database
from chatapp.storage.journal import Announce
from chatapp.storage.messages import Log
from chatapp.storage.push import Ear
from chatapp.storage.pushes import Behind, NewPush

# Posts of one room, in one transaction.
SLICE: Final = 100
# What is said meanwhile is decided together.
GATHER_SECONDS: Final = 0.5
# A process that dies after a commit has not looked: then another does.
LOOK_SECONDS: Final = 30.0
# So many people are looked at without a turn for others.
AT_A_TIME: Final = 50


class Deciding:
    """Nothing on the path of a message. Notices and the cursor behind their posts are stored in one transaction."""

    def __init__(self, *, database: Database, log: Log, presence: PresenceBoard, is_on: bool) -> None:
        self.database = database
        self.log = log
        self.presence = presence
        self.is_on = is_on
        self._grown = asyncio.Event()
        self._turns = Turns()
        # Set when there is something to send.
        self.decided = asyncio.Event()

    def after(self, announce: Announce) -> Announce:
        """What announces a commit, and then has this look for it."""
        if not self.is_on:
            return announce

        def committed(room_id: int, changes: Sequence[Message]) -> None:
            announce(room_id, changes)
            self._grown.set()

        return committed

    async def next(self) -> bool:
        """Decide a slice of every room that is behind; False when none was, or nobody is to be told of any."""
        self._grown.clear()
        if not await rows.is_any(self.database):
            return False
        behind = await pushes.behind(self.database)
        await self._turns.each({room.room_id: room for room in behind}, self._decide)
        return bool(behind)

    async def wait(self) -> None:
        """Return when something was said, with what comes right after it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS if self.database.is_shared else None):
                await self._grown.wait()
        await asyncio.sleep(GATHER_SECONDS)

    async def _decide(self, room: Behind) -> None:
        # Without a cursor: what was said long before anybody was to be told of it is not looked at.
        start = max(0, room.top - SLICE) if room.reached is None else room.reached
        posts = (await self.log.after(room.room_id, start, SLICE)).messages
        ears = await rows.ears(self.database, room.room_id) if posts else []
        answered = await self._answered(room.room_id, posts) if ears else {}
        notices = []
        for number, ear in enumerate(ears, 1):
            meant = list(_meant(posts, ear, answered, is_direct=room.is_direct))
            if meant:
                notices.append(NewPush(ear.subscription_id, room.room_id, meant[-1], len(meant), self._due_at(ear)))
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)
        reached = posts[-1].index if posts else room.top
        async with self.database.transaction() as tx:
            # Another process may have been quicker.
            if await pushes.reach(tx, room, reached) and notices:
                await pushes.add(tx, notices)
                tx.after_commit(self.decided.set)

    async def _answered(self, room_id: int, posts: Sequence[Message]) -> dict[int, int]:
        """Of what is replied to, who wrote it, by index."""
        indexes = {post.reply_to for post in posts if post.reply_to is not None}
        return {each.index: each.author_id for each in await self.log.some(room_id, indexes)} if indexes else {}

    def _due_at(self, ear: Ear) -> int:
        """At once, or when they have been away for long enough: until then they may see it."""
        return self.database.clock() + max(0, AWAY_MS - self.presence.away_ms(ear.person_id))


def _meant(posts: Sequence[Message], ear: Ear, answered: dict[int, int], *, is_direct: bool) -> Iterator[int]:
    """Indexes of those that somebody is to be told of, who has not read them."""
    for post in posts:
        is_new = post.index > ear.read_index and post.created_at >= ear.since
        author = answered.get(post.reply_to or 0)
        if is_new and is_meant(
            post, ear.person_id, ear.username, level=ear.level, is_direct=is_direct, answered=author
        ):
            yield post.index
