"""One socket: what it may still take, what it has missed, and how it ends."""

from __future__ import annotations

import asyncio
import secrets
import socket
from abc import ABC, abstractmethod
from typing import Any, Final

import structlog
from aiohttp import WSCloseCode, web

from chatapp.core.errors import ChatError
from chatapp.core.events import Close
from chatapp.core.models import Identity
from chatapp.domain.chat import Chat
from chatapp.gateway.guard import Guard
from chatapp.gateway.heartbeat import Heartbeat
from chatapp.realtime.audience import Subscription
from chatapp.realtime.frames import close_frame, pong_frame

POLL_SECONDS: Final = 0.05
CLOSE_SECONDS: Final = 2.0
ROOMS: Final = 1000
LARGEST: Final = 4
LOOK_SECONDS: Final = 3600.0
KERNEL_BYTES: Final = 65_536
MOST_NOTED: Final = 200

log = structlog.get_logger()


class Stalled(Exception):
    """The client has read nothing for too long."""


class Connection(ABC):
    """A :class:`chatapp.realtime.audience.Listener` on a WebSocket.

    Pushes go to the transport as they are. Past ``backlog_bytes`` of unsent bytes a subscription is
    *behind*: it gets nothing more until the client has read, and is then caught up from the log.
    """

    def __init__(self, chat: Chat, identity: Identity, ws: web.WebSocketResponse[Any], guard: Guard) -> None:
        self.chat = chat
        self.identity = identity
        self.ws = ws
        self.id = secrets.token_hex(8)
        self.subscriptions: dict[int, Subscription] = {}
        self.is_ended = False
        self.close_code: int | None = None
        self._is_stalled = False
        self.guard = guard
        self._transport = guard.transport
        self._bound = chat.settings.backlog_bytes
        self._patience = chat.settings.stalled_seconds
        self._behind: dict[Subscription, None] = {}
        self._catching_up: asyncio.Task[None] | None = None
        self._noted = 0
        self._expiry: asyncio.TimerHandle | None = None
        self._heartbeat: Heartbeat | None = None
        _keep_little_in_the_kernel(self._transport)
        guard.reports_to(self.end)

    @property
    def is_lost(self) -> bool:
        """Whether it ended because the client gave no sign of life."""
        return self._is_stalled

    # What the hub calls. None of it waits.

    def write(self, frames: bytes) -> bool:
        waiting = self._transport.get_write_buffer_size()
        # What comes at once is the same bytes for everybody and may go past the bound; but not without end, since it
        # can be a thousand long messages.
        if waiting > self._bound or waiting + len(frames) > LARGEST * self._bound:
            return False
        self.send(frames)
        return True

    def tell(self, frame: bytes) -> None:
        if not self.write(frame) and not self.is_ended:
            if self._transport.get_write_buffer_size() > 2 * self._bound:
                self.abort("stalled")
            else:
                self.send(frame)

    def fell_behind(self, subscription: Subscription) -> None:
        self._behind[subscription] = None
        if self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up())

    def removed(self, subscription: Subscription) -> None:
        """The membership is gone; the hub has taken the subscription out already."""
        self.subscriptions.pop(subscription.room_id, None)

    def end(self, code: int, reason: str) -> None:
        """Say goodbye; nothing of any room follows, at once. The socket ends with the client's own goodbye.

        To hang up without waiting for it (as aiohttp's ``close`` does while another task receives) could
        reset the connection before our words, and the code in them, have been read.
        """
        if self.is_ended:
            return
        self.send(close_frame(code, reason))
        self.is_ended = True
        self.close_code = code
        self._leave_all()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, hang_up, self._transport)

    # What commands call.

    def send(self, frame: bytes) -> None:
        """An answer: written whatever waits, since :meth:`may_take_more` slows the asking down."""
        # Once the right to be here is gone, the answer to a command that was under way is as silent as news.
        if not self.is_ended and not self._transport.is_closing():
            self._transport.write(frame)

    def pong(self, payload: bytes) -> None:
        self.send(pong_frame(payload))

    async def may_take_more(self) -> bool:
        """Wait until the client has read its answers; False when it does not."""
        try:
            if self._transport.get_write_buffer_size() > self._bound:
                await self._drained(self._bound)
        except Stalled:
            self.abort("stalled")
        return not self.is_ended

    def listens_for_life(self) -> None:
        """Ping a client that is silent for a heartbeat, and drop it after one and a half."""
        self._heartbeat = Heartbeat(self, self.chat.settings.heartbeat)

    def ends_with_its_credential(self) -> None:
        """Arm the clock of a credential that ends by itself. Looked at now and then, since clocks can be set."""
        left = self.chat.sign_in.seconds_left(self.identity)
        if left is None or self.is_ended:
            return
        if left <= 0:
            self.end(Close.SESSION_ENDED, "session ended")
        else:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(min(left, LOOK_SECONDS), self.ends_with_its_credential)

    def note_refusal(self, error: ChatError) -> None:
        """Say in the log that something was refused. Too many refusals, on whichever sockets, end the socket."""
        self._noted += 1
        # A flood of bad frames must not fill the disk of who keeps the log.
        if self._noted <= MOST_NOTED:
            log.info("socket.refused", connection=self.id, person=self.identity.person.username, code=error.code)
        if not self.chat.limits.refusal(self.identity.person.id):
            self.end(Close.FLOOD, "flood")

    def leave(self, room_id: int) -> None:
        subscription = self.subscriptions.pop(room_id, None)
        if subscription is not None:
            self.chat.hub.leave(subscription)

    def abort(self, reason: str) -> None:
        """Drop a client that does not read: a close frame would wait behind what it does not take."""
        log.info("socket.dropped", connection=self.id, reason=reason)
        self.is_ended = self._is_stalled = True
        self._leave_all()
        self._transport.abort()

    def finish(self) -> None:
        """Free everything, whatever way the socket ended; once, after :meth:`listens_for_life`."""
        self.is_ended = True
        self._leave_all()
        self.guard.reports_to_nobody()
        if self._catching_up is not None:
            self._catching_up.cancel()
        if self._expiry is not None:
            self._expiry.cancel()
        assert self._heartbeat is not None  # noqa: S101 - narrows a type
        self._heartbeat.stop()
        # Each holds the other: a circle would wait for the collector.
        self._heartbeat = None
        if self.close_code is not None:
            # Before aiohttp says goodbye once more.
            self._transport.close()
        elif self.ws.close_code == WSCloseCode.ABNORMAL_CLOSURE:
            self._transport.abort()
        # Who said goodbye without having read what was written would be waited for without end.
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, hang_up, self._transport)

    @abstractmethod
    async def start(self) -> None:
        """Say or do what comes first."""

    @abstractmethod
    async def receive(self, data: bytes) -> None:
        """Answer one frame of text. Nothing but a closed socket stops the next one."""

    @abstractmethod
    async def replay(self, subscription: Subscription) -> bool:
        """Write the next page of what was missed; True once the subscription is live again."""

    async def _catch_up(self) -> None:
        try:
            while self._behind:
                await self._drained(self._bound // 4)
                # Empty when the socket has ended while this waited.
                for subscription in tuple(self._behind)[:1]:
                    if subscription.is_closed or await self.replay(subscription):
                        self._behind.pop(subscription, None)
        except Stalled:
            self.abort("stalled")
        except Exception:
            log.exception("socket.catch_up_failed", connection=self.id)
            self.end(Close.INTERNAL, "catch-up failed")
        finally:
            self._catching_up = None

    async def _drained(self, bound: int) -> None:
        """Wait for unsent bytes to fall to ``bound``; raise :class:`Stalled` when none are taken for too long."""
        loop = asyncio.get_running_loop()
        least, since = self._transport.get_write_buffer_size(), loop.time()
        while (size := self._transport.get_write_buffer_size()) > bound:
            if size < least:
                least, since = size, loop.time()
            if loop.time() - since > self._patience:
                raise Stalled
            await asyncio.sleep(POLL_SECONDS)

    def _leave_all(self) -> None:
        for room_id in tuple(self.subscriptions):
            self.leave(room_id)
        self._behind.clear()


def milliseconds() -> int:
    """A clock nobody can set, for buckets of single sockets."""
    return round(asyncio.get_running_loop().time() * 1000)


def hang_up(transport: asyncio.Transport) -> None:
    """Abort, also what is closed already and only waits for its last words to be read."""
    # asyncio fails on a transport that was lost since; that one has no protocol any more.
    if transport.get_protocol() is not None:
        transport.abort()


def _keep_little_in_the_kernel(transport: asyncio.Transport) -> None:
    # Linux would take megabytes for a client that reads slowly: whether it reads could not be seen from here.
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, KERNEL_BYTES)
