"""All sockets of a measurement on one epoll: the load generator. It has a process and a core of its own."""

from __future__ import annotations

import gc
import select
import time
from collections.abc import Callable, Sequence
from select import EPOLLIN, EPOLLOUT
from types import TracebackType
from typing import Final, NamedTuple, Self

from chatapp.bench.client import Client, now
from chatapp.bench.dialects import Dialect
from chatapp.bench.errors import Refused
from chatapp.bench.hearing import Room, judge
from chatapp.bench.histogram import Histogram
from chatapp.bench.marks import Faults

BUFFER_BYTES: Final = 262_144
EVENTS: Final = 1024
# Each has some 28,000 ports.
SOURCES: Final = 8
CONNECTING_AT_ONCE: Final = 200
PATIENCE_SECONDS: Final = 30.0
# After so long without any delivery, what is missing counts as lost.
MISSING_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.02
# Between two looks at a flood: several messages come at once then, which costs the generator less.
BREATH_SECONDS: Final = 0.0005

Progress = Callable[[], None]


class Seat(NamedTuple):
    """Who is to connect, and to which room."""

    token: str
    room: str


class Crowd:
    """Sockets to one server. Close it, or use it as a context manager."""

    def __init__(self, address: tuple[str, int], dialect: Dialect, progress: Progress = lambda: None) -> None:
        self.address = address
        self.dialect = dialect
        self.epoll = select.epoll()
        self.buffer = memoryview(bytearray(BUFFER_BYTES))
        self.clients: list[Client] = []
        self.speakers: set[Client] = set()
        self.rooms: dict[str, Room] = {}
        self.faults = Faults()
        self.answers = Histogram()
        self.run = 0
        self.start = 0.0
        self.short_histories = 0
        self._by_descriptor: dict[int, Client] = {}
        self._joined = 0
        self._progress = progress
        self._after_answer: Callable[[Client], None] | None = None

    def __enter__(self) -> Self:
        # A collection among ten thousand sockets would stop the clock of what is measured.
        gc.collect()
        gc.disable()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        gc.enable()
        for client in self.clients:
            client.socket.close()
        self.epoll.close()

    # Connecting

    def join(self, seats: Sequence[Seat]) -> float:
        """Connect everybody and get the history; the seconds it took. Raises ``Refused``."""
        begun = quiet_since = now()
        wanted, coming, seen = len(self.clients) + len(seats), iter(seats), -1
        while self._joined < wanted:
            for _, seat in zip(range(CONNECTING_AT_ONCE + self._joined - len(self.clients)), coming, strict=False):
                self._seat(seat)
            self.turn(LOOK_SECONDS)
            if self._joined != seen:
                seen, quiet_since = self._joined, now()
            if now() - quiet_since > PATIENCE_SECONDS or self.faults.dropped_sockets:
                raise Refused(f"{self._joined} of {wanted} sockets got in.")
        return now() - begun

    def _seat(self, seat: Seat) -> None:
        number = len(self.clients)
        client = Client(self, number, seat.token, seat.room, f"127.0.0.{1 + number % SOURCES}")
        self.clients.append(client)
        self._by_descriptor[client.socket.fileno()] = client
        self.epoll.register(client.socket, EPOLLIN | EPOLLOUT)

    # Running

    def turn(self, seconds: float) -> None:
        """Hear what is there, after at most so long; in whole milliseconds, rounded down."""
        by_descriptor = self._by_descriptor
        for descriptor, events in self.epoll.poll(int(seconds * 1000) / 1000, EVENTS):
            client = by_descriptor.get(descriptor)
            if client is not None:
                client.ready(events)
        self._progress()

    def idle(self, seconds: float) -> None:
        end = now() + seconds
        while now() < end:
            self.turn(LOOK_SECONDS)

    def begin(self, speakers: Sequence[Client], *, is_timed: bool) -> None:
        """Everybody listens, on a clean sheet; those who will speak are named."""
        self.idle(LOOK_SECONDS)
        while not all(client.is_between_frames for client in self.clients):
            self.turn(LOOK_SECONDS)
        self.run += 1
        self.faults, self.answers, self.speakers = Faults(), Histogram(), set(speakers)
        self.rooms = {client.room: Room(self.run, is_timed=is_timed) for client in self.clients}
        for client in self.clients:
            client.listens(self.rooms[client.room])
        self.start = now()

    def steadily(self, rate: float, seconds: float) -> None:
        """Speak in turns, ``rate`` messages a second, each stamped with when it was due, not with when it was sent."""
        speakers = list(self.speakers)
        for number in range(round(rate * seconds)):
            due = self.start + number / rate
            while (left := due - now()) > 0:
                self.turn(left)
            speakers[number % len(speakers)].post(due)

    def flat_out(self, seconds: float) -> None:
        """Everybody who speaks says one thing, and the next as soon as the last is answered."""
        end = self.start + seconds

        def next_one(client: Client) -> None:
            if (moment := now()) < end:
                client.post(moment)

        self._after_answer = next_one
        for client in self.speakers:
            client.post(now())
        while now() < end:
            self.turn(LOOK_SECONDS)
            time.sleep(BREATH_SECONDS)
        self._after_answer = None

    def finish(self, patience: float = MISSING_SECONDS) -> float:
        """Wait until everything has arrived; the moment of the last delivery.

        What has not come in ``patience`` seconds after all was answered, and after the last that came, will not.
        """
        last, heard, quiet = now(), -1, 0.0
        while not self._is_complete() and quiet < (PATIENCE_SECONDS if self._is_waiting() else patience):
            self.idle(LOOK_SECONDS)
            # Counted in looks: a generator that was kept from its core must not take that for silence.
            quiet += LOOK_SECONDS
            if self.deliveries != heard:
                last, heard, quiet = now(), self.deliveries, 0.0
        return last

    def settle(self) -> Faults:
        """The faults of the run; nobody listens after it."""
        faults = self.faults
        for name, room in self.rooms.items():
            here = [client for client in self.clients if client.room == name]
            ears = [client.listener for client in here if client.listener]
            faults.add(judge(room, ears, {client.number: client.posted for client in here if client.posted}))
        for client in self.clients:
            client.rests()
        return faults

    @property
    def deliveries(self) -> int:
        return sum(client.listener.count for client in self.clients if client.listener)

    def streams(self) -> set[Room]:
        """What was heard: the common streams of the rooms, and those of who went on alone."""
        own = {client.listener.own for client in self.clients if client.listener and client.listener.own}
        return {*self.rooms.values(), *own}

    @property
    def messages(self) -> int:
        return sum(client.posted for client in self.speakers)

    def _is_complete(self) -> bool:
        if self._is_waiting():
            return False
        wanted = dict.fromkeys(self.rooms, 0)
        for client in self.speakers:
            wanted[client.room] += client.posted
        return all(client.listener is None or client.listener.count >= wanted[client.room] for client in self.clients)

    def _is_waiting(self) -> bool:
        return any(client.waiting for client in self.speakers)

    # What clients report.

    def joined(self, client: Client, *, is_whole: bool) -> None:
        self._joined += 1
        self.short_histories += not is_whole

    def answered(self, client: Client, seconds: float, *, is_ok: bool) -> None:
        self.answers.add(round(seconds * 1_000_000))
        self.faults.refused += not is_ok
        if self._after_answer is not None:
            self._after_answer(client)

    def dropped(self, client: Client) -> None:
        if client.is_open:
            client.is_open = False
            client.waiting.clear()
            self.faults.dropped_sockets += 1
            self._by_descriptor.pop(client.socket.fileno(), None)
            client.socket.close()
