"""Who is connected, to this process and to others: however many sockets somebody has, they are one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chatapp.core.clock import Clock, system_clock
from chatapp.core.models import Presence
from chatapp.realtime.audience import Listener

# For how long it is known when somebody was here last.
REMEMBERED_MS: Final = 120_000


class Attendance:
    """Online with one socket in use, wherever it is; away with none but idle ones; offline without any."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._sockets: dict[int, dict[Listener, bool]] = {}
        self._here: dict[int, Presence] = {}
        # By person and process, with the moment at which it is no longer believed.
        self._elsewhere: dict[int, dict[str, tuple[Presence, float]]] = {}
        # When somebody was here last, in the order of the moments.
        self._noted: dict[int, int] = {}
        self._began = clock()

    @property
    def here(self) -> Mapping[int, Presence]:
        """Those of this process, as of when each was counted last."""
        return self._here

    def put(self, listener: Listener, *, is_active: bool) -> None:
        """A socket that has come, or is used in another way now."""
        self._sockets.setdefault(listener.identity.person.id, {})[listener] = is_active

    def take(self, listener: Listener) -> None:
        person_id = listener.identity.person.id
        sockets = self._sockets.get(person_id, {})
        sockets.pop(listener, None)
        if not sockets:
            self._sockets.pop(person_id, None)

    def count(self, person_id: int) -> bool:
        """Look at somebody's sockets here again; whether that makes a difference."""
        sockets = self._sockets.get(person_id)
        now: Presence = "offline" if not sockets else "online" if any(sockets.values()) else "away"
        if now == self._here.get(person_id, "offline"):
            return False
        if now == "offline":
            del self._here[person_id]
        else:
            self._here[person_id] = now
        self._note(person_id)
        return True

    def hear(self, process: str, person_id: int, presence: Presence, until: float) -> None:
        """What another process says of its own sockets."""
        self._note(person_id)
        if presence != "offline":
            self._elsewhere.setdefault(person_id, {})[process] = (presence, until)
        elif (known := self._elsewhere.get(person_id)) is not None:
            known.pop(process, None)
            if not known:
                del self._elsewhere[person_id]

    def expire(self, now: float) -> Iterable[int]:
        """Forget what processes have not said again, since they are gone; of whom that was."""
        late = [
            (process, person_id)
            for person_id, known in self._elsewhere.items()
            for process, (_, until) in known.items()
            if until < now
        ]
        for process, person_id in late:
            self.hear(process, person_id, "offline", now)
        return {person_id for _, person_id in late}

    def of(self, person_id: int) -> Presence:
        said = {presence for presence, _ in self._elsewhere.get(person_id, {}).values()}
        said.add(self._here.get(person_id, "offline"))
        return "online" if "online" in said else "away" if "away" in said else "offline"

    def away_ms(self, person_id: int) -> int:
        """Since somebody was connected to any process; 0 while they are. Of before the start nothing is known: then
        since that."""
        if self.of(person_id) != "offline":
            return 0
        return max(self._clock() - self._noted.get(person_id, self._began), 1)

    def _note(self, person_id: int) -> None:
        """That they are or were here just now."""
        self._noted.pop(person_id, None)
        self._noted[person_id] = now = self._clock()
        while self._noted[first := next(iter(self._noted))] < now - REMEMBERED_MS:
            del self._noted[first]
