"""A chat server for one room that speaks the peers' protocol and goes wrong in a way that is asked for."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chatapp.bench import frames
from chatapp.bench.dialects import HISTORY

Mangle = Callable[["Liar", int, int, bytes], list[bytes]]


@dataclass
class Liar:
    """``mangle`` gives the frames that one subscriber gets in the place of the one that is due.

    Its arguments: the server, the subscriber's number from 0, the message's number from 1, the frame.
    """

    mangle: Mangle = lambda _liar, _who, _number, frame: [frame]
    is_ok: bool = True
    history: int = HISTORY
    greeting: bytes = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    stalls_at: int = 0
    stall_seconds: float = 1.0
    port: int = 0
    told: int = 0
    pongs: int = 0
    kept: dict[int, bytes] = field(default_factory=dict)
    ears: list[asyncio.Transport] = field(default_factory=list)

    def hear(self, asker: asyncio.Transport, said: dict[str, Any]) -> None:
        self.told += 1
        if self.told == self.stalls_at:
            # All of the server stands still, as on a slow disk.
            threading.Event().wait(self.stall_seconds)
        news = server_frame(json.dumps({"messages": [{"content": said["send"]}]}).encode())
        for who, ear in enumerate(self.ears):
            for frame in self.mangle(self, who, self.told, news):
                ear.write(frame)
        answer = {"ref": said["ref"], "ok": self.is_ok}
        asker.write(server_frame(json.dumps(answer).encode()))


class _Socket(asyncio.Protocol):
    def __init__(self, liar: Liar) -> None:
        self.liar = liar
        self.heard = b""
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if not self.is_open:
            _, end, rest = self.heard.partition(b"\r\n\r\n")
            if not end:
                return
            self.heard, self.is_open = rest, True
            past = {"history": [{"content": str(number)} for number in range(self.liar.history)]}
            self.transport.write(self.liar.greeting + server_frame(json.dumps(past).encode()))
            self.liar.ears.append(self.transport)
        self._take_frames()

    def _take_frames(self) -> None:
        at = 0
        while len(self.heard) - at > 6:
            size, start = self.heard[at + 1] & 0x7F, at + 2
            if size == 126:
                size, start = int.from_bytes(self.heard[start : start + 2], "big"), start + 2
            # The generator's mask is zeros.
            start += 4
            if len(self.heard) < start + size:
                break
            if self.heard[at] & 0x0F == frames.TEXT:
                self.liar.hear(self.transport, json.loads(self.heard[start : start + size]))
            self.liar.pongs += self.heard[at] & 0x0F == frames.PONG
            at = start + size
        self.heard = self.heard[at:]


def server_frame(payload: bytes, opcode: int = frames.TEXT) -> bytes:
    """A whole frame without a mask, as servers write it (RFC 6455 section 5.2)."""
    size = len(payload)
    head = bytes((0x80 | opcode, size)) if size < 126 else bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big")
    return head + payload


@contextmanager
def running(liar: Liar) -> Iterator[tuple[str, int]]:
    """Its address, while it runs in a thread of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        server = await loop.create_server(lambda: _Socket(liar), "127.0.0.1", 0)
        async with server:
            liar.port = server.sockets[0].getsockname()[1]
            ready.set()
            await stop.wait()
            for ear in liar.ears:
                ear.abort()
            await asyncio.sleep(0)

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield "127.0.0.1", liar.port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
