"""``/rooms/{room}/ws``: the small door, for ten-line scripts and people who type."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web

from chatapp.core.errors import BadRequest, ChatError, Forbidden, Internal, NotFound, UnknownAction
from chatapp.core.events import Close, encode, wire
from chatapp.core.fields import without_nulls
from chatapp.core.language import _
from chatapp.core.models import Identity, Message, Room
from chatapp.domain import messages
from chatapp.domain.chat import Chat
from chatapp.gateway import protocol
from chatapp.gateway.connection import Connection
from chatapp.gateway.guard import Guard
from chatapp.realtime.audience import Subscription
from chatapp.realtime.frames import text_frame

RECENT: Final = 10

log = structlog.get_logger()


def _posts(posts: Sequence[Message]) -> list[Message]:
    """Without those that were taken back before they could be heard."""
    return [message for message in posts if not message.is_deleted]


def as_json(room: str, posts: Sequence[Message]) -> bytes:
    return b"".join(_frame(room, part) for part in protocol.chunks(_posts(posts)))


def as_text(_room: str, posts: Sequence[Message]) -> bytes:
    return b"".join(text_frame(f"{_who(m)} {_plain(_said(m))}".encode()) for m in _posts(posts))


def _who(message: Message) -> str:
    return f"* {message.username}" if message.is_action else f"{message.username}:"


def _said(message: Message) -> str:
    """Its words; of files alone, what they are called."""
    return message.content or ", ".join(each.name for each in message.attachments)


def _plain(content: str) -> str:
    """For a terminal: without escapes, and no further line that looks like somebody else's."""
    shown = "".join(c for c in content if c in "\n\t" or unicodedata.category(c) != "Cc")
    return shown.replace("\n", "\n  ")


def _frame(room: str, posts: Sequence[Message]) -> bytes:
    return text_frame(encode({"messages": [_post_of(message, room) for message in posts]}))


def _post_of(message: Message, room: str) -> Any:
    """As everywhere, but with its content where that is empty too: ten lines do not ask whether it is there."""
    drawn = wire(message, room)
    return drawn if message.content else {**msgspec.to_builtins(drawn), "content": ""}


class RoomSocket(Connection):
    """Every frame it sends holds a ``messages`` array, or a line of text where that was asked for."""

    def __init__(
        self,
        chat: Chat,
        identity: Identity,
        ws: web.WebSocketResponse[Any],
        guard: Guard,
        *,
        room: Room,
        is_text: bool,
    ) -> None:
        super().__init__(chat, identity, ws, guard)
        self.room = room
        self.is_text = is_text

    async def start(self) -> None:
        """Hear what is posted from the upgrade on: its answer may have been read long before this."""
        voice = as_text if self.is_text else as_json
        ear = self.chat.hub.join(self, self.room.id, self.room.slug, voice, is_of_posts=True)
        self.subscriptions[self.room.id] = ear
        try:
            room = await self.chat.access.room_for(self.identity.person, self.room.slug)
            history = await self.chat.messages.newest(room, 0)
        except NotFound:
            self.leave(self.room.id)
            self.removed(ear)
            return
        # The room as it was when this person was let in.
        ear.version, ear.index = history.version, self.room.last_index
        is_heard = history.index == ear.index
        if not ear.is_closed and not (is_heard and self.chat.hub.go_live(ear, history.version, history.index)):
            self.fell_behind(ear)

    async def receive(self, data: bytes) -> None:
        """Answer one frame; whatever it holds, the socket stays."""
        if not protocol.is_utf8(data):
            self.end(Close.NOT_UTF8, "not UTF-8")
            return
        try:
            self.chat.limits.act("command", self.identity.person.id)
            if self.is_text:
                await self._post(data.decode().rstrip("\r\n"))
            else:
                await self._run(protocol.loosely(data))
        except ChatError as error:
            self._refuse(error)
        except Exception:
            log.exception("room_socket.frame_failed", connection=self.id)
            self._refuse(Internal())
            self.end(Close.INTERNAL, "internal error")

    def removed(self, subscription: Subscription) -> None:
        super().removed(subscription)
        self._refuse(NotFound())
        self.end(Close.NORMAL, "no longer a member")

    def tell(self, frame: bytes) -> None:
        """News of a person's rooms is not for this door."""

    async def replay(self, subscription: Subscription) -> bool:
        history = await self.chat.messages.next_posts(self.room, subscription.index)
        if subscription.is_closed:
            return True
        # By index, not by what is new: a post that was edited meanwhile has not been heard here yet.
        for message in protocol.first_chunk(history.messages)[0]:
            self.send(subscription.voice(self.room.slug, [message]))
            subscription.index = message.index
        if subscription.index < history.index:
            return False
        return self.chat.hub.go_live(subscription, history.version, history.index)

    async def _run(self, frame: dict[str, Any]) -> None:
        await self._check_token(frame.get("token"))
        run: Callable[[dict[str, Any]], Any] | None = {
            "getRecentMessages": self._recent,
            "sendMessage": self._send,
        }.get(str(frame.get("action")))
        if run is None:
            raise UnknownAction
        await run(frame)

    async def _check_token(self, token: object) -> None:
        if token is None or token == "":
            return
        identity = await self.chat.sign_in.by_token(token) if isinstance(token, str) else None
        if identity is None or identity.person.id != self.identity.person.id:
            raise Forbidden("The token in the frame is not this connection's.")

    async def _recent(self, _frame_: dict[str, Any]) -> None:
        for limit in (RECENT, messages.MOST):
            history = await self.chat.messages.recent(self.identity.person, self.room.slug, limit)
            posts = _posts(history.messages)[-RECENT:]
            if len(posts) == min(RECENT, history.index):
                break
        self.send(_frame(self.room.slug, posts))

    async def _send(self, frame: dict[str, Any]) -> None:
        frame = without_nulls(frame)
        content, client_id = frame.get("content"), frame.get("client_id", "")
        if not isinstance(content, str) or not isinstance(client_id, str):
            raise BadRequest("A message needs its content as a string.")
        known = (await self.chat.messages.newest(self.room, 0)).index if client_id else 0
        message = await self._post(content, client_id)
        if message.index <= known:
            # Posted earlier, under the same key: no news of it comes any more.
            self.send(_frame(self.room.slug, [message]))

    async def _post(self, content: str, client_id: str = "") -> Message:
        return await self.chat.messages.post(self.identity.person, self.room.slug, content, client_id)

    def _refuse(self, error: ChatError) -> None:
        if self.is_text:
            self.send(text_frame(f"! {_(error.message)}".encode()))
        else:
            self.send(text_frame(encode({"messages": [], "error": protocol.error_object(error)})))
        self.note_refusal(error)
