"""One socket of the load generator: it connects, is welcomed, then hears and speaks. Nothing here waits."""

from __future__ import annotations

import socket
import time
from select import EPOLLIN, EPOLLOUT
from typing import TYPE_CHECKING, Final

from chatapp.bench import frames, marks
from chatapp.bench.dialects import HISTORY
from chatapp.bench.errors import Refused
from chatapp.bench.hearing import Listener, Room
from chatapp.bench.marks import Mark

if TYPE_CHECKING:
    from chatapp.bench.crowd import Crowd

# Linux: take the port at connect, so that many sockets can share an address.
BIND_ADDRESS_NO_PORT: Final = 24
now: Final = time.perf_counter


class Client:
    """A person at a socket. ``number`` is its place in the crowd and the writer in its marks."""

    def __init__(self, crowd: Crowd, number: int, token: str, room: str, source: str) -> None:
        self.crowd = crowd
        self.number = number
        self.token = token
        self.room = room
        self.listener: Listener | None = None
        self.is_open = True
        self.posted = 0
        self.waiting: dict[int, float] = {}
        self._rest = b""
        self._unsent = b""
        self._take = self._handshake
        self.socket = _begun(crowd.address, source)

    # What the epoll loop calls.

    def ready(self, events: int) -> None:
        if events & EPOLLOUT:
            self._writable()
        if events & ~EPOLLOUT:
            self._readable()

    def _writable(self) -> None:
        if self._take == self._handshake and not self._rest and not self._unsent:
            host, port = self.crowd.address
            self._unsent = frames.upgrade(self.crowd.dialect.path(self.token, self.room), f"{host}:{port}")
        unsent, self._unsent = self._unsent, b""
        self.crowd.epoll.modify(self.socket, EPOLLIN)
        self.send(unsent)

    def _readable(self) -> None:
        try:
            size = self.socket.recv_into(self.crowd.buffer)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if size:
            self._take(self.crowd.buffer[:size])
        else:
            self.crowd.dropped(self)

    def send(self, data: bytes) -> None:
        if self._unsent:
            self._unsent += data
            return None
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return self.crowd.dropped(self)
        if sent < len(data):
            self._unsent = data[sent:]
            self.crowd.epoll.modify(self.socket, EPOLLIN | EPOLLOUT)
        return None

    # What a scenario calls.

    def listens(self, room: Room) -> None:
        """From the next byte on, which begins a frame."""
        self.listener = Listener(room)
        self.posted = 0
        self._take = self._walk if self in self.crowd.speakers else self._listen

    def rests(self) -> None:
        """Answer signs of life and let the news go by."""
        self.listener = None
        self._take = self._walk

    def post(self, due: float) -> None:
        """Say something that should have been said at ``due`` (seconds on :data:`now`'s clock)."""
        self.posted += 1
        self.waiting[self.posted] = due
        mark = Mark(self.crowd.run, self.number, self.posted, round((due - self.crowd.start) * 1_000_000))
        payload = self.crowd.dialect.post(self.room, marks.content(mark), self.posted)
        self.send(frames.frame(payload))

    @property
    def is_between_frames(self) -> bool:
        return not self._rest

    # What comes in, by how far one is.

    def _handshake(self, data: memoryview) -> None:
        head, end, rest = (self._rest + bytes(data)).partition(b"\r\n\r\n")
        self._rest = head
        if end:
            status = head.split(b"\r\n", 1)[0].decode("latin-1")
            if " 101 " not in f"{status} ":
                raise Refused(f"The server answered a socket with {status!r}.")
            self._rest, self._take = b"", self._welcome
            self._take(memoryview(rest))

    def _welcome(self, data: memoryview) -> None:
        heard = self._rest + bytes(data)
        at = 0
        for each in frames.whole(heard):
            at = each.stop
            if each.opcode == frames.TEXT:
                payload = heard[each.start : each.stop]
                words, is_in = self.crowd.dialect.welcomed(payload, self.room)
                if words:
                    self.send(frames.frame(words))
                if is_in:
                    self.crowd.joined(self, is_whole=self.crowd.dialect.history_in(payload) == HISTORY)
                    self._rest, self._take = b"", self._walk
                    return self._walk(memoryview(heard[at:]))
        self._rest = heard[at:]
        return None

    def _listen(self, data: memoryview) -> None:
        listener = self.listener
        assert listener is not None  # noqa: S101 - set with this state
        listener.hear(data, now())
        for opcode, payload in listener.controls():
            self._sign_of_life(opcode, payload)

    def _walk(self, data: memoryview) -> None:
        """Frame by frame: answers are this socket's own, the rest is what everybody hears."""
        heard = self._rest + bytes(data) if self._rest else bytes(data)
        moment, at, news = now(), 0, 0
        for each in frames.whole(heard):
            if each.opcode != frames.TEXT:
                self._hear(heard[news:at], moment)
                self._sign_of_life(each.opcode, heard[each.start : each.stop])
                news = each.stop
            elif heard.startswith(self.crowd.dialect.answer, each.start):
                self._hear(heard[news:at], moment)
                self._answered(heard[each.start : each.stop], moment)
                news = each.stop
            at = each.stop
        self._hear(heard[news:at], moment)
        self._rest = heard[at:]

    def _hear(self, news: bytes, moment: float) -> None:
        if not news:
            return
        if self.listener is not None:
            self.listener.hear(news, moment)
        else:
            for each in frames.whole(news):
                words = self.crowd.dialect.reply(news[each.start : each.stop])
                if words:
                    self.send(frames.frame(words))

    def _answered(self, payload: bytes, moment: float) -> None:
        found = self.crowd.dialect.answered.match(payload)
        due = self.waiting.pop(int(found[1]), None) if found else None
        if found and due is not None:
            self.crowd.answered(self, moment - due, is_ok=found[2] == self.crowd.dialect.ok)

    def _sign_of_life(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.PING:
            self.send(frames.frame(payload, frames.PONG))
        elif opcode == frames.CLOSE:
            self.crowd.dropped(self)


def _begun(address: tuple[str, int], source: str) -> socket.socket:
    plain = socket.socket()
    plain.setblocking(False)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
    plain.bind((source, 0))
    plain.connect_ex(address)
    return plain
