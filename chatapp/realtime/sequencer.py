"""Between several journals and the hub: a room's changes in the order of their versions, however they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from chatapp.core.errors import ChatError
from chatapp.core.models import History, Message
from chatapp.realtime.hub import Hub

# What another process has said a moment before is mostly on its way.
GRACE_SECONDS: Final = 0.005
AGAIN_SECONDS: Final = 0.5
PAGE: Final = 500
MOST_EARLY: Final = 5000

Read = Callable[[int, int, int], Awaitable[History]]
"""The first of a room's changes after a version, from the database: room, version, at most so many."""

log = structlog.get_logger()


class Hole:
    """What is missing below ``wanted``, and what arrived before it."""

    def __init__(self) -> None:
        self.wanted = 0
        self.early: dict[int, Message] = {}

    def keep(self, changes: Sequence[Message]) -> None:
        if len(self.early) < MOST_EARLY:
            self.early.update((message.version, message) for message in changes)

    def after(self, version: int) -> list[Message]:
        """What was early and follows now."""
        found = []
        while (message := self.early.pop(version + 1, None)) is not None:
            found.append(message)
            version += 1
        return found


class Sequencer:
    """Passes on what follows, ignores what was passed on, and reads from the log what is missing."""

    def __init__(self, hub: Hub, read: Read) -> None:
        self._hub = hub
        self._read = read
        self._holes: dict[int, Hole] = {}
        self._filling: set[asyncio.Task[None]] = set()
        self.reads = 0

    def arrived(self, room_id: int, first: int, last: int, changes: Sequence[Message] = ()) -> None:
        """The room has the versions ``first`` to ``last``: all of them in ``changes``, or none."""
        position = self._hub.position(room_id)
        if position is None:
            # Nobody live: who is about to be must only know how far the room is.
            self._hub.reached(room_id, last)
        elif last <= position:
            return
        elif changes and first <= position + 1:
            self._pass_on(room_id, position, changes)
        else:
            self._open(room_id, last).keep(changes)

    async def close(self) -> None:
        for task in self._filling:
            task.cancel()
        await asyncio.gather(*self._filling, return_exceptions=True)

    def _pass_on(self, room_id: int, position: int, changes: Sequence[Message]) -> None:
        news = [message for message in changes if message.version > position]
        hole = self._holes.get(room_id)
        if hole is not None:
            news += hole.after(news[-1].version if news else position)
        if news:
            self._hub.publish(room_id, news)

    def _open(self, room_id: int, wanted: int) -> Hole:
        """One at a time reads for a room, as long as something is missing."""
        hole = self._holes.get(room_id)
        if hole is None:
            hole = self._holes[room_id] = Hole()
            task = asyncio.create_task(self._fill(room_id, hole), name=f"fill room {room_id}")
            self._filling.add(task)
            task.add_done_callback(self._filling.discard)
        hole.wanted = max(hole.wanted, wanted)
        return hole

    async def _fill(self, room_id: int, hole: Hole) -> None:
        try:
            await asyncio.sleep(GRACE_SECONDS)
            while (position := self._hub.position(room_id)) is not None and position < hole.wanted:
                try:
                    self.reads += 1
                    history = await self._read(room_id, position, PAGE)
                except ChatError:
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                self._filled(room_id, hole, position, history)
        except Exception:
            log.exception("sequencer.failed", room=room_id)
        finally:
            del self._holes[room_id]
            self._hub.reached(room_id, hole.wanted)

    def _filled(self, room_id: int, hole: Hole, asked: int, history: History) -> None:
        """Pass on what was found above the version ``asked``."""
        position = self._hub.position(room_id)
        if position is None:
            return
        self._pass_on(room_id, position, history.messages)
        if self._hub.position(room_id) == asked:
            # The log is shorter than it was said to be, as that of a restored database: not asked for without end.
            hole.wanted = asked
