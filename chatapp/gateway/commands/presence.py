"""Signs of life: being here, typing, and the ping of clients that cannot send protocol pings."""

from __future__ import annotations

from chatapp.gateway.protocol import spread
from chatapp.gateway.registry import Answer, Command, Slug, command
from chatapp.gateway.socket import Socket


class Typing(Command, frozen=True, tag="typing", kw_only=True):
    """The person writes, or has stopped."""

    room: Slug
    active: bool = True


class Presence(Command, frozen=True, tag="presence", kw_only=True):
    """The person uses this client, or has not for a while; from now on it hears who else is here."""

    active: bool = True


class Ping(Command, frozen=True, tag="ping", kw_only=True):
    """Is the other end alive?"""


@command(Typing)
async def typing(socket: Socket, wanted: Typing) -> Answer:
    await socket.chat.messages.note_typing(socket.identity.person, wanted.room, is_active=wanted.active)
    return Answer({})


@command(Presence)
async def presence(socket: Socket, wanted: Presence) -> Answer:
    socket.chat.presence.use(socket, is_active=wanted.active)
    return Answer({})


@command(Ping)
async def ping(socket: Socket, _wanted: Ping) -> Answer:
    return Answer({"pong": True, "spread": spread(len(socket.chat.hub))})
