"""The two WebSocket endpoints: let in, greet, listen, and free everything at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import structlog
from aiohttp import WSMsgType, web

from chatapp.core.counters import Bucket
from chatapp.core.events import Close, Draining
from chatapp.domain.chat import Chat
from chatapp.gateway import commands, registry
from chatapp.gateway.admission import RETRY_SECONDS, Admission
from chatapp.gateway.connection import Connection, milliseconds
from chatapp.gateway.guard import Guard
from chatapp.gateway.protocol import spread
from chatapp.gateway.room_socket import RoomSocket
from chatapp.gateway.socket import Socket
from chatapp.gateway.upgrade import Upgrade
from chatapp.keys import ADDRESS, ENDINGS, GATEWAY

DRAIN_SECONDS: Final = 5.0
FRAMES_A_TURN: Final = 20
BYTES_A_TURN: Final = 65_536
PINGS_AT_ONCE: Final = 1000
PINGS_PER_MINUTE: Final = 600
# What one person's sockets are read at. Finding fault with 64 KiB can take 8 ms, which everybody waits for.
INBOUND_AT_ONCE: Final = 1_048_576
INBOUND_PER_MINUTE: Final = 60 * 524_288
HEARD: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})
# An end without goodbye (RFC 6455 section 7.4.1), and what no registry gives out; aiohttp takes both.
NO_GOODBYE: Final = 1006
UNREGISTERED: Final = range(5000, 65_536)

log = structlog.get_logger()


def setup_routes(app: web.Application) -> None:
    """Enter the endpoints; the application carries its :class:`Gateway` once it has started."""

    async def socket(request: web.Request) -> web.StreamResponse:
        return await request.app[GATEWAY].socket(request)

    async def room_socket(request: web.Request) -> web.StreamResponse:
        return await request.app[GATEWAY].room_socket(request)

    app.router.add_get("/ws", socket, name="socket", allow_head=False)
    app.router.add_get("/rooms/{room}/ws", room_socket, name="room_socket", allow_head=False)


class Gateway:
    """Holds what all sockets of this process share."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._settings = chat.settings
        self.admission = Admission(chat.limits, chat.hub)
        commands.load()
        self._decoder = registry.decoder()
        self._pings = Bucket(PINGS_AT_ONCE, PINGS_PER_MINUTE, milliseconds)
        self._inbound = Bucket(INBOUND_AT_ONCE, INBOUND_PER_MINUTE, milliseconds)
        self._open: set[asyncio.Task[Any] | None] = set()

    async def socket(self, request: web.Request) -> web.StreamResponse:
        identity = self.admission.check(request)
        self.admission.take_place(identity.person.id, request[ADDRESS])
        return await self._upgrade(request, lambda ws, guard: Socket(self._chat, identity, ws, guard, self._decoder))

    async def room_socket(self, request: web.Request) -> web.StreamResponse:
        identity = self.admission.check(request)
        is_text = request.query.get("format") == "text"
        self.admission.take_place(identity.person.id, request[ADDRESS])
        room = await self._chat.access.room_for(identity.person, request.match_info["room"])
        return await self._upgrade(
            request, lambda ws, guard: RoomSocket(self._chat, identity, ws, guard, room=room, is_text=is_text)
        )

    async def drain(self) -> None:
        """Refuse new sockets, say so to the open ones, close them with 1012, wait a little. Nobody waits on REST."""
        hub = self._chat.hub
        hub.is_draining = True
        # Clients spread over as long again (protocol.md): the more they are, the longer that has to be.
        hub.tell_everyone(Draining(max(RETRY_SECONDS, spread(len(hub)))))
        hub.end_everyone(Close.RESTART, "restart")
        tasks = [task for task in self._open if task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_SECONDS)

    async def _upgrade(
        self, request: web.Request, connection_on: Callable[[Upgrade, Guard], Connection]
    ) -> web.StreamResponse:
        ws = Upgrade(
            # aiohttp refuses from this size on, not above it.
            max_msg_size=self._settings.max_frame + 1,
            compress=False,
            autoclose=False,
            autoping=False,
            decode_text=False,
        )
        transport = request.transport
        if transport is None:
            return ws
        guard = Guard(transport)
        await ws.prepare(request)
        # They are sent, and would be kept as long as the socket is open.
        ws.headers.clear()
        if getattr(request.protocol, "spoke_early", False):
            guard.missed_something()
        ws.then(partial(self._hold, connection_on(ws, guard), request[ENDINGS]))
        return ws

    async def _hold(self, socket: Connection, endings: int) -> None:
        hub, task = self._chat.hub, asyncio.current_task()
        self._open.add(task)
        hub.enter(socket)
        socket.listens_for_life()
        try:
            await self._begin(socket, endings)
            if not socket.is_ended:
                self._chat.presence.came(socket)
            await self._listen(socket)
        finally:
            self._open.discard(task)
            hub.exit(socket)
            self._chat.presence.went(socket, is_lost=socket.is_lost)
            socket.finish()
            code = socket.close_code or socket.ws.close_code
            # The number: the text log would name aiohttp's own kind of it.
            log.info("socket.closed", connection=socket.id, code=code and int(code))

    async def _begin(self, socket: Connection, endings: int) -> None:
        try:
            # Once the hub knows the socket: a logout since it was asked who this is had nothing to close yet.
            is_withdrawn = self._chat.hub.endings != endings and not await self._chat.sign_in.is_valid(socket.identity)
            if is_withdrawn:
                socket.end(Close.SESSION_ENDED, "session ended")
            elif self._chat.hub.is_draining:
                socket.end(Close.RESTART, "restart")
            else:
                socket.ends_with_its_credential()
                await socket.start()
        except Exception:
            log.exception("socket.failed", connection=socket.id)
            socket.end(Close.INTERNAL, "internal error")

    async def _listen(self, connection: Connection) -> None:
        frames = size = 0
        while (message := await connection.ws.receive()).type in HEARD:
            frames, size = frames + 1, size + len(message.data)
            if frames >= FRAMES_A_TURN or size >= BYTES_A_TURN:
                # What has arrived is handed over without waiting: a heap of frames would keep everybody else out.
                frames = size = 0
                await asyncio.sleep(0)
            if not connection.is_ended:
                await self._waits_its_turn(connection, len(message.data))
            if connection.is_ended:
                # Nothing counts any more but the client's goodbye.
                continue
            if message.type is WSMsgType.TEXT:
                connection.chat.sign_in.note_seen(connection.identity)
                await connection.receive(message.data)
            elif message.type is WSMsgType.BINARY:
                connection.end(Close.BINARY, "text frames only")
            elif message.type is WSMsgType.PING:
                self._answer_ping(connection, message.data)
            await connection.may_take_more()
            if message.type is WSMsgType.TEXT:
                connection.guard.grants_more_time()
        if message.type is WSMsgType.CLOSE and (message.data == NO_GOODBYE or message.data in UNREGISTERED):
            connection.end(Close.PROTOCOL, "no such close code")

    async def _waits_its_turn(self, connection: Connection, size: int) -> None:
        """Whoever sends too much is read more slowly, and so has to send more slowly."""
        person_id = connection.identity.person.id
        while self._settings.limits and (wait := self._inbound.take(person_id, size)):  # noqa: ASYNC110 - time is waited for
            await asyncio.sleep(wait / 1000)

    def _answer_ping(self, connection: Connection, payload: bytes) -> None:
        if self._settings.limits and self._pings.take(connection.id):
            connection.end(Close.FLOOD, "flood")
        else:
            connection.pong(payload)
