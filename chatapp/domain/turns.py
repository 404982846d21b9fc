"""Room by room: one that fails, as where the disk below it is damaged, is tried again, and keeps no other waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


class Turns:
    """Those that have failed come last, the one of them first that has not been tried for longest."""

    def __init__(self) -> None:
        self._failed: dict[int, None] = {}

    async def each(self, rooms: Mapping[int, T], work: Callable[[T], Awaitable[None]]) -> None:
        """Do it for each, by the ids of the rooms, up to the first that fails; what that raises is raised."""
        late = {room_id: place for place, room_id in enumerate(self._failed, 1)}
        for room_id in sorted(rooms, key=lambda each: (late.get(each, 0), each)):
            self._failed.pop(room_id, None)
            try:
                await work(rooms[room_id])
            except Exception:
                self._failed[room_id] = None
                raise
