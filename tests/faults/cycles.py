"""Everything a client can do between coming and going, polite or not: over and over, many at once."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tests.faults.line import Gone, Line, Refused
from tests.support.wire import CLOSE, PING, TEXT, frame, upgrade

AT_ONCE: Final = 20
Visit = Callable[["Visitor"], Awaitable[None]]


class Visitor:
    """Comes to a server in one way after the other."""

    def __init__(self, port: int, token: str, rooms: Sequence[str]) -> None:
        self.port = port
        self.token = token
        self.rooms = rooms
        self.visits = 0
        self.answered = 0

    async def visits_often(self, times: int) -> None:
        """So many visits, every kind in turn, some at once."""
        turns = iter(range(times))

        async def one_after_the_other() -> None:
            for turn in turns:
                await self._visits(VISITS[turn % len(VISITS)])

        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))

    async def _visits(self, visit: Visit) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, Gone):
            async with asyncio.timeout(30):
                await visit(self)
        self.visits += 1

    async def opens(self) -> Line:
        """Every room subscribed to, a message posted and answered."""
        line = await Line.open(self.port, self.token)
        for number, room in enumerate(self.rooms):
            line.send("subscribe", room=room, ref=number)
        line.send("sendMessage", room=self.rooms[0], content="hello", ref=1000)
        while (said := await line.receive()).ref != 1000:
            pass
        assert said.ok, said
        self.answered += 1
        return line

    async def writes(self, *parts: bytes, resets: bool = False) -> None:
        """A connection with those bytes; then it is dropped, at once or after a first answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"".join(parts))
        await writer.drain()
        if resets:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        else:
            await reader.readline()
        writer.transport.abort()

    def head(self, path: str, *, token: str | None = None) -> bytes:
        lines = [f"GET {path} HTTP/1.1", "Host: chat.test", *upgrade(), f"Authorization: Bearer {token or self.token}"]
        return "\r\n".join([*lines, "", ""]).encode()


async def politely(visitor: Visitor) -> None:
    line = await visitor.opens()
    line.write(CLOSE, struct.pack("!H", 1000))
    with contextlib.suppress(Gone):
        while True:
            await line.receive()
    line.cut()


async def without_a_goodbye(visitor: Visitor) -> None:
    (await visitor.opens()).cut()


async def in_the_middle_of_a_frame(visitor: Visitor) -> None:
    line = await visitor.opens()
    line.write_raw(frame(TEXT, b'{"action": "ping"}')[:-4])
    line.cut()


async def with_unread_answers(visitor: Visitor) -> None:
    line = await visitor.opens()
    for number in range(50):
        line.send("getRecentMessages", room=visitor.rooms[0], limit=200, ref=number)
    line.write(CLOSE, b"")
    line.cut()


async def against_the_protocol(visitor: Visitor) -> None:
    await visitor.writes(visitor.head("/ws"), frame(TEXT, b"{}", is_masked=False))
    await visitor.writes(visitor.head("/ws"), frame(PING, b"x" * 126))


async def to_a_room(visitor: Visitor) -> None:
    await visitor.writes(visitor.head(f"/rooms/{visitor.rooms[0]}/ws"), frame(TEXT, b'{"action":"getRecentMessages"}'))


async def resetting_during_the_upgrade(visitor: Visitor) -> None:
    await visitor.writes(visitor.head("/ws"), resets=True)
    await visitor.writes(visitor.head(f"/rooms/{visitor.rooms[0]}/ws"), resets=True)


async def with_half_a_handshake(visitor: Visitor) -> None:
    await visitor.writes(visitor.head("/ws")[:-20], resets=True)


async def where_nobody_is_let_in(visitor: Visitor) -> None:
    with contextlib.suppress(Refused):
        await Line.open(visitor.port, "chat_personal_wrong")
    await visitor.writes(visitor.head("/rooms/nowhere/ws"))


async def over_rest(visitor: Visitor) -> None:
    body = b"by REST"
    head = (
        f"POST /api/v1/rooms/{visitor.rooms[0]}/messages HTTP/1.1\r\nHost: chat.test\r\nContent-Type: text/plain\r\n"
        f"Authorization: Bearer {visitor.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    await visitor.writes(head.encode(), body)
    await visitor.writes(head.encode(), body[:3], resets=True)


VISITS: Final[Sequence[Visit]] = (
    politely,
    without_a_goodbye,
    in_the_middle_of_a_frame,
    with_unread_answers,
    against_the_protocol,
    to_a_room,
    resetting_during_the_upgrade,
    with_half_a_handshake,
    where_nobody_is_let_in,
    over_rest,
)
