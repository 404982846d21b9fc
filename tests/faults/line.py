"""A WebSocket that costs next to nothing: hundreds of them share a core with the server they press on."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
from typing import Any, Final, Self

import msgspec

PATIENCE: Final = 30.0
LIMIT: Final = 2**22
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


class Given(msgspec.Struct, frozen=True):
    """A reaction as it came over the wire."""

    emoji: str
    count: int
    usernames: tuple[str, ...] = ()


class Heard(msgspec.Struct, frozen=True):
    """A message as it came over the wire; fields at their default are left out there."""

    index: int
    version: int
    username: str = ""
    content: str = ""
    deleted: bool = False
    client_id: str = ""
    reactions: tuple[Given, ...] = ()
    pinned: bool = False


class Problem(msgspec.Struct, frozen=True):
    code: str
    message: str = ""


class Said(msgspec.Struct, frozen=True):
    """Any frame of the server: news has an ``event``, an answer a ``ref``."""

    event: str = ""
    ref: int | None = None
    ok: bool = False
    room: str = ""
    messages: tuple[Heard, ...] = ()
    message: Heard | None = None
    error: Problem | None = None
    version: int = 0
    index: int = 0
    epoch: str = ""
    complete: bool = True
    retry_after: float = 0
    spread: int = 0


class Refused(Exception):
    """The upgrade was answered with another status than 101; ``head`` is the answer's head."""

    def __init__(self, head: str) -> None:
        self.head = head
        self.status = int(head.split()[1])
        super().__init__(head)


class Gone(Exception):
    """The connection is over; ``code`` is that of the server's close frame, None without one."""

    def __init__(self, code: int | None = None) -> None:
        self.code = code
        super().__init__(code)


class Line:
    """Opened by :meth:`open`. Raises :class:`Gone` wherever the connection ends."""

    _decoder: Final = msgspec.json.Decoder(Said)

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, token: str, *, buffer: int | None = None) -> Self:
        """``/ws`` on this machine; ``buffer``: bytes kept for a reader that does not read.

        Raises ``OSError`` or :class:`Refused`.
        """
        async with asyncio.timeout(PATIENCE):
            plain = socket.socket()
            plain.setblocking(False)
            if buffer is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            try:
                await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
                reader, writer = await asyncio.open_connection(sock=plain, limit=buffer or LIMIT)
            except BaseException:
                plain.close()
                raise
            try:
                writer.write(_handshake(port, token))
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if head.split()[1] != "101":
                    raise Refused(head)
            except asyncio.IncompleteReadError as error:
                writer.transport.abort()
                raise ConnectionResetError from error
            except BaseException:
                writer.transport.abort()
                raise
        return cls(reader, writer)

    def send(self, action: str, **fields: Any) -> None:
        self.write(TEXT, msgspec.json.encode({"action": action, **fields}))

    async def receive(self) -> Said:
        """The next text frame; pings are answered."""
        try:
            while True:
                opcode, payload = await self.frame()
                if opcode == TEXT:
                    return self._decoder.decode(payload)
                if opcode == CLOSE:
                    self.write(CLOSE, payload)
                    raise Gone(struct.unpack("!H", payload[:2])[0] if payload else None)
                if opcode == PING:
                    self.write(PONG, payload)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Gone from error

    async def take(self, size: int) -> bytes:
        """The next bytes of the stream."""
        return await self._reader.readexactly(size)

    def cut(self, *, resets: bool = False) -> None:
        """Without a goodbye; with RST in place of FIN if it ``resets``."""
        if resets:
            plain = self._writer.transport.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def frame(self) -> tuple[int, bytes]:
        first, size = await self.take(2)
        if size == 126:
            (size,) = struct.unpack("!H", await self.take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.take(8))
        return first & 0x0F, await self.take(size)

    def write(self, opcode: int, payload: bytes) -> None:
        """One frame."""
        size = len(payload)
        head = bytes([0x80 | opcode]) + (bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0xFE, size))
        # Masked with zeros, which changes nothing and costs nothing.
        self.write_raw(head + bytes(4) + payload)

    def write_raw(self, data: bytes) -> None:
        self._writer.write(data)

    async def written(self) -> None:
        """Wait while more is on its way than a connection holds. Raises ``OSError``."""
        await self._writer.drain()


def _handshake(port: int, token: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()
