"""Do the processes on a database belong together: have they the same keys and settings, do they hear each other?

Whoever begins says so in the database, where everybody reads it, and must be heard over the bus soon after.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import structlog

from chatapp.core.notices import Begun, Unheard
from chatapp.realtime.bus import Bus
from chatapp.realtime.presence import BELIEVED_SECONDS, PresenceBoard
from chatapp.settings import Settings

DIFFER: Final = (
    "A process on this database has other keys: what one signs the other refuses. All of them need the same "
    "secrets.json, and after a change of it a restart."
)
APART: Final = (
    "Others on this database do not hear this process, nor it them: news comes late. CHATAPP_REDIS_URL must name the "
    "same server in all of them, or be set in none."
)
UNLIKE: Final = (
    "A process on this database has other settings: what people are answered depends on which of them they come to. "
    "After a change restart all of them."
)
# Where it is reached, and how it reaches what it uses: that is each machine's own.
OWN: Final = frozenset(
    f"CHATAPP_{name}"
    for name in ("HOST", "PORT", "DATA", "DATABASE_URL", "REDIS_URL", "SMTP_URL", "TRUSTED_PROXIES", "LOG_FORMAT")
)

log = structlog.get_logger()


def shared(settings: Settings) -> dict[str, str]:
    """Those that should be the same in all processes, as far as they are not the default; secrets as stars."""
    return {name: value for name, value, default, _ in settings.table() if value != default and name not in OWN}


class Neighbours:
    """The other processes; without a ``bus`` there are none. ``begun``: what this one says of itself but its name."""

    def __init__(self, bus: Bus | None, presence: PresenceBoard, begun: Begun) -> None:
        self._bus = bus
        self._presence = presence
        self.begun = msgspec.structs.replace(begun, process=bus.source if bus else "")
        # Who has begun and was not heard yet: until when that is no wonder.
        self._awaited: dict[str, float] = {}

    def began(self, notice: Begun) -> None:
        if notice.keys not in {"", self.begun.keys}:
            log.warning("secrets.differ", detail=DIFFER)
        if self.begun.settings is not None and notice.settings is not None:
            # Those that both have, alike, fall out.
            unlike = {name for name, _ in self.begun.settings.items() ^ notice.settings.items()}
            if unlike:
                log.warning("settings.differ", names=", ".join(sorted(unlike)), detail=UNLIKE)
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
