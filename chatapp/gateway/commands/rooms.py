"""Hearing a room, and no longer hearing it."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from chatapp.core.errors import NotFound, RateLimited
from chatapp.core.events import WireMessage, wire
from chatapp.core.models import History, Level, Room
from chatapp.core.reads import ReadMark
from chatapp.gateway.connection import ROOMS
from chatapp.gateway.histories import Histories
from chatapp.gateway.protocol import drawn, plain
from chatapp.gateway.registry import Answer, Command, Slug, Version, command
from chatapp.gateway.socket import Socket
from chatapp.realtime.audience import Subscription

_histories: Final = Histories()


class Subscribe(Command, frozen=True, tag="subscribe", kw_only=True):
    """Hear a room from here on: with what changed ``after`` a version, or with the newest ``limit`` messages."""

    room: Slug
    after: Version | None = None
    epoch: Annotated[str, msgspec.Meta(max_length=64)] = ""
    limit: Annotated[int, msgspec.Meta(ge=0, le=200)] = 50
    html: bool = False


class Unsubscribe(Command, frozen=True, tag="unsubscribe", kw_only=True):
    """Hear a room no longer."""

    room: Slug


class SetLevel(Command, frozen=True, tag="setLevel", kw_only=True):
    """Hear of all of a room, of mentions, of nothing, or have it out of sight."""

    room: Slug
    level: Level


@command(Subscribe)
async def subscribe(socket: Socket, wanted: Subscribe) -> Answer:
    """Join the hub, then read, then let news through: no gap and no double in between."""
    actor, chat = socket.identity.person, socket.chat
    removals = chat.hub.removals
    room, _, mark = await chat.access.membership_for(actor, wanted.room)
    socket.leave(room.id)
    if len(socket.subscriptions) >= ROOMS:
        raise RateLimited(f"One socket hears at most {ROOMS} rooms.", retry_after=60)
    ear = chat.hub.join(socket, room.id, room.slug, drawn if wanted.html else plain)
    socket.subscriptions[room.id] = ear
    socket.draws(room.slug, is_drawn=wanted.html)
    try:
        if chat.hub.removals != removals:
            # Somebody was taken out since it was asked: if it was this person, there was no subscription to end yet.
            room, _, mark = await chat.access.membership_for(actor, wanted.room)
        history = await _history(socket, room, wanted)
        if mark.index == room.last_index < history.index:
            # What came since may be this person's own, and moves the mark without news.
            _, _, mark = await chat.access.membership_for(actor, wanted.room)
        # A socket that had ended before it joined left nothing then that it could leave now.
        if ear.is_closed or socket.is_ended:
            raise NotFound
    except BaseException:
        socket.leave(room.id)
        raise
    return Answer(_fields(socket, room, history, mark, wanted), lambda: _go_live(socket, ear, history))


@command(Unsubscribe)
async def unsubscribe(socket: Socket, wanted: Unsubscribe) -> Answer:
    room = await socket.chat.access.room_for(socket.identity.person, wanted.room)
    socket.leave(room.id)
    return Answer({})


@command(SetLevel)
async def set_level(socket: Socket, wanted: SetLevel) -> Answer:
    await socket.chat.memberships.set_level(socket.identity.person, wanted.room, wanted.level)
    return Answer({})


async def _history(socket: Socket, room: Room, wanted: Subscribe) -> History:
    messages = socket.chat.messages
    if wanted.after is None:
        return await messages.newest(room, wanted.limit)
    return await messages.missed(room, wanted.after, wanted.epoch)


def _fields(socket: Socket, room: Room, history: History, mark: ReadMark, wanted: Subscribe) -> dict[str, object]:
    return {
        "room": room.slug,
        "messages": _messages(room.slug, history, wanted),
        "index": history.index,
        "version": history.version,
        "read_index": min(mark.index, history.index),
        "read_turn": mark.turn,
        "epoch": socket.chat.epoch,
        "complete": history.is_complete,
    }


def _messages(room: str, history: History, wanted: Subscribe) -> msgspec.Raw | list[WireMessage]:
    if wanted.after is None:
        return _histories.messages(room, history, with_html=wanted.html)
    # What one client has missed is hardly ever what another has.
    return [wire(message, room, with_html=wanted.html) for message in history.messages]


def _go_live(socket: Socket, ear: Subscription, history: History) -> None:
    ear.version, ear.index = history.version, history.index
    if not socket.chat.hub.go_live(ear, history.version, history.index):
        socket.fell_behind(ear)
