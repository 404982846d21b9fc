"""A WebSocket by hand: handshakes and frames that no library would send, and a reader that may stop reading."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol, Self

PATIENCE: Final = 20.0
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class Client(Protocol):
    """Where a server is: a test client knows it, too."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int | None: ...


class Answer(NamedTuple):
    """What came back for a handshake."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_closed: bool

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"].startswith("application/problem+json"), self
        return json.loads(self.body)  # type: ignore[no-any-return]


class Frame(NamedTuple):
    opcode: int
    payload: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.payload)  # type: ignore[no-any-return]


def upgrade(*, without: Sequence[str] = (), **changed: str) -> list[str]:
    """The headers of a handshake (RFC 6455 section 4.1), but for what is changed (``_`` for ``-``) or left out."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    return [f"{name}: {value}" for name, value in headers.items() if name not in without]


def frame(
    opcode: int, payload: bytes, *, is_final: bool = True, is_masked: bool = True, reserved: int = 0, mask: bytes = b""
) -> bytes:
    """A client's frame (RFC 6455 section 5.2), under a mask of chance unless one is given."""
    first = bytes([is_final << 7 | reserved << 4 | opcode])
    bit = 0x80 if is_masked else 0
    size = len(payload)
    if size < 126:
        head = first + bytes([bit | size])
    elif size < 65536:
        head = first + struct.pack("!BH", bit | 126, size)
    else:
        head = first + struct.pack("!BQ", bit | 127, size)
    if not is_masked:
        return head + payload
    mask = mask or os.urandom(4)
    return head + mask + bytes(byte ^ mask[position % 4] for position, byte in enumerate(payload))


class RawSocket:
    """One TCP connection to the server under test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.reader = reader
        self.writer = writer
        self._host = host

    @classmethod
    async def connects(cls, client: Client, *, receive_buffer: int | None = None) -> Self:
        """``receive_buffer``: bytes the kernel keeps for a reader that does not read."""
        assert client.port
        plain = socket.socket()
        if receive_buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, (client.host, client.port))
        # A small limit: what is not read here stays in the kernel, and then in the server.
        reader, writer = await asyncio.open_connection(sock=plain, limit=2**16 if receive_buffer is None else 4096)
        return cls(reader, writer, f"{client.host}:{client.port}")

    @classmethod
    async def opens(cls, client: Client, path: str, *headers: str, receive_buffer: int | None = None) -> Self:
        """A WebSocket that is let in."""
        raw = await cls.connects(client, receive_buffer=receive_buffer)
        answer = await raw.asks(f"GET {path} HTTP/1.1", *upgrade(), *headers)
        if answer.status != 101:
            raw.hangs_up()
        assert answer.status == 101, answer
        return raw

    async def asks(self, *lines: str | bytes, host: str | None = None) -> Answer:
        """Send a request head as it is; the answer, and whether the server closed after it."""
        first, *rest = [line.encode() if isinstance(line, str) else line for line in lines]
        head = [first, f"Host: {host or self._host}".encode(), *rest, b"", b""]
        self.writer.write(b"\r\n".join(head))
        async with asyncio.timeout(PATIENCE):
            raw = await self.reader.readuntil(b"\r\n\r\n")
            status, *fields = raw.decode("latin-1").splitlines()
            pairs = (field.partition(": ")[::2] for field in fields if field)
            headers = {name.lower(): value for name, value in pairs}
            code = int(status.split()[1])
            if code == 101:
                return Answer(code, headers, b"", is_closed=False)
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
            is_closed = headers.get("connection", "").lower() == "close" and await self.reader.read() == b""
        return Answer(code, headers, body, is_closed)

    def sends(self, opcode: int, payload: bytes | str, **more: Any) -> None:
        self.writer.write(frame(opcode, payload.encode() if isinstance(payload, str) else payload, **more))

    def says(self, **fields: Any) -> None:
        self.sends(TEXT, json.dumps(fields))

    async def hears(self, *, within: float = PATIENCE) -> Frame:
        """The next frame. Raises ``IncompleteReadError`` when the server has hung up."""
        async with asyncio.timeout(within):
            first, second = await self.reader.readexactly(2)
            assert second < 128, "A server's frames are not masked."
            size = second
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            assert first & 0xF0 == 0x80, "Frames are whole and without extensions."
            return Frame(first & 0x0F, await self.reader.readexactly(size))

    async def close_code(self, *, within: float = PATIENCE) -> int | None:
        """Answer the server's close frame; its code, or None when it hung up without one."""
        async with asyncio.timeout(within):
            while True:
                try:
                    found = await self.hears(within=within)
                except (asyncio.IncompleteReadError, ConnectionError):
                    return None
                if found.opcode == CLOSE:
                    self.sends(CLOSE, found.payload)
                    return struct.unpack("!H", found.payload[:2])[0] if found.payload else 1005

    async def is_alive(self) -> bool:
        """Whether it still answers, after everything it says before."""
        self.says(action="ping", ref="alive?")
        while True:
            try:
                found = await self.hears()
            except (asyncio.IncompleteReadError, ConnectionError):
                return False
            if found.opcode == CLOSE:
                return False
            if found.opcode == TEXT and found.json.get("ref") == "alive?":
                return True

    def hangs_up(self) -> None:
        self.writer.close()


def is_text(data: bytes) -> bool:
    """Whether it is UTF-8, as a text frame has to be (RFC 6455 section 8.1)."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
