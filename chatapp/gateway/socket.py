"""``/ws``: one socket for all rooms of a person."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from aiohttp import web

from chatapp import __version__
from chatapp.core.errors import ChatError, Internal, NotFound
from chatapp.core.events import PROTOCOL, Close, Hello, Limits, WireMessage, encode, user, wire
from chatapp.core.models import Identity, Message
from chatapp.domain.chat import Chat
from chatapp.gateway import protocol
from chatapp.gateway.connection import Connection
from chatapp.gateway.guard import Guard
from chatapp.gateway.registry import COMMANDS, Command, actions
from chatapp.realtime.audience import Subscription
from chatapp.realtime.frames import text_frame

log = structlog.get_logger()


class Socket(Connection):
    """Answers commands one after the other; one bad frame costs one error answer."""

    def __init__(
        self,
        chat: Chat,
        identity: Identity,
        ws: web.WebSocketResponse[Any],
        guard: Guard,
        decoder: msgspec.json.Decoder[Command],
    ) -> None:
        super().__init__(chat, identity, ws, guard)
        self._decoder = decoder
        # Made for the first: most scripts draw the text themselves.
        self._drawn_rooms: set[str] | None = None

    async def start(self) -> None:
        """Greet."""
        settings = self.chat.settings
        hello = Hello(
            PROTOCOL,
            __version__,
            self.id,
            user(self.identity.person),
            settings.heartbeat,
            protocol.spread(len(self.chat.hub)),
            Limits(settings.max_content, settings.max_frame),
            self.chat.epoch,
        )
        self.send(text_frame(encode(hello)))

    async def receive(self, data: bytes) -> None:
        """Decode, run, answer. Nothing but a closed socket stops the next frame."""
        if not protocol.is_utf8(data):
            self.end(Close.NOT_UTF8, "not UTF-8")
            return
        command = self._at_first_sight(data)
        ref = protocol.ref_in(data) if command is None else command.ref
        try:
            self.chat.limits.act("command", self.identity.person.id)
            if command is None:
                command = protocol.closely(data, self._decoder, actions())
            else:
                protocol.refuse_double_keys(data)
            answer = await COMMANDS[type(command)](self, command)
        except ChatError as error:
            self._refuse(ref, error)
        except Exception:
            log.exception("socket.command_failed", connection=self.id, action=type(command).__name__)
            self._refuse(ref, Internal())
            self.end(Close.INTERNAL, "internal error")
        else:
            self.send(protocol.answer(ref, answer.fields))
            if answer.then is not None:
                answer.then()

    def wire(self, message: Message, room: str) -> WireMessage:
        """For an answer: drawn where it subscribed to that room with ``html``."""
        return wire(message, room, with_html=self._drawn_rooms is not None and room in self._drawn_rooms)

    def draws(self, room: str, *, is_drawn: bool) -> None:
        if is_drawn:
            self._drawn_rooms = self._drawn_rooms or set()
            self._drawn_rooms.add(room)
        elif self._drawn_rooms:
            self._drawn_rooms.discard(room)

    async def replay(self, subscription: Subscription) -> bool:
        try:
            room = await self.chat.access.room_by_id(self.identity.person, subscription.room_id)
        except NotFound:
            self.leave(subscription.room_id)
            return True
        history = await self.chat.messages.next_changes(room, subscription.version)
        if subscription.is_closed:
            return True
        # A frame at a time: a page of long messages is many times the bound.
        part, is_all = protocol.first_chunk(history.messages)
        self.send(subscription.voice(room.slug, part))
        if not is_all or not history.is_complete:
            subscription.version = part[-1].version
            return False
        subscription.version, subscription.index = history.version, history.index
        return self.chat.hub.go_live(subscription, history.version, history.index)

    def _at_first_sight(self, data: bytes) -> Command | None:
        try:
            return self._decoder.decode(data)
        except (msgspec.DecodeError, RecursionError):
            return None

    def _refuse(self, ref: protocol.Ref | msgspec.UnsetType, error: ChatError) -> None:
        self.send(protocol.refusal(ref, error))
        self.note_refusal(error)
