"""Do the processes on a database belong together: have they the same keys, do they hear each other over the bus?

Whoever begins says so in the database, where everybody reads it, and must be heard over the bus soon after.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from chatapp.core.notices import Begun, Unheard
from chatapp.realtime.bus import Bus
from chatapp.realtime.presence import BELIEVED_SECONDS, PresenceBoard

DIFFER: Final = (
    "A process on this database has other keys: what one signs the other refuses. All of them need the same "
    "secrets.json, and after a change of it a restart."
)
APART: Final = (
    "Others on this database do not hear this process, nor it them: news comes late. CHATAPP_REDIS_URL must name the "
    "same server in all of them, or be set in none."
)

log = structlog.get_logger()


class Neighbours:
    """The other processes. Without a ``bus`` there is none. ``keys``: the fingerprint of those this one has."""

    def __init__(self, bus: Bus | None, presence: PresenceBoard, keys: str) -> None:
        self._bus = bus
        self._presence = presence
        self._keys = keys
        # Who has begun and was not heard yet: until when that is no wonder.
        self._awaited: dict[str, float] = {}

    def begin(self) -> Begun:
        """What this process says of itself."""
        return Begun(self._keys, self._bus.source if self._bus else "")

    def began(self, notice: Begun) -> None:
        if notice.keys not in {"", self._keys}:
            log.warning("secrets.differ", detail=DIFFER)
        if notice.process:
            self._awaited[notice.process] = _soon()

    def missed(self, notice: Unheard) -> None:
        """Somebody says it, of this process or another."""
        self._awaited.pop(notice.process, None)
        if self._bus is not None and notice.process == self._bus.source and not self._bus.is_away:
            log.error("bus.apart", detail=APART)

    def unheard(self) -> list[Unheard]:
        """Who was waited for in vain, each told once; to be called every few seconds."""
        now = asyncio.get_running_loop().time()
        is_deaf = self._bus is None or self._bus.is_away
        awaited = {each: until for each, until in self._awaited.items() if each not in self._presence.others}
        late = [] if is_deaf else [each for each, until in awaited.items() if until < now]
        self._awaited = {each: _soon() if is_deaf else awaited[each] for each in awaited if each not in late}
        return [Unheard(each) for each in late]


def _soon() -> float:
    return asyncio.get_running_loop().time() + BELIEVED_SECONDS
