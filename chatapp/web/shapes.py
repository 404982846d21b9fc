"""What REST hands out: rooms, members, tokens, parts of a log. Times are RFC 3339."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from chatapp.core.credentials import Token
from chatapp.core.events import timestamp, wire
from chatapp.core.models import Account, History, Member, Person, Presence, Room
from chatapp.core.reads import ReadMark
from chatapp.core.rooms import RoomView
from chatapp.keys import CHAT
from chatapp.web import query


class RoomOut(msgspec.Struct, frozen=True):
    """A room as its reader sees it."""

    slug: str
    name: str
    topic: str
    kind: str
    title: str
    members: int
    is_member: bool
    role: str | None
    index: int
    version: int
    read_index: int
    read_turn: int
    unread: int
    mentions: int
    level: str | None


class ReadMarkOut(msgspec.Struct, frozen=True):
    """Where somebody has gone back to."""

    read_index: int
    read_turn: int
    unread: int


class MemberOut(msgspec.Struct, frozen=True):
    username: str
    display_name: str
    role: str
    presence: str
    status: str


class Me(msgspec.Struct, frozen=True):
    id: str
    username: str
    display_name: str
    email: str
    is_admin: bool
    theme: str
    time_zone: str


class UserOut(msgspec.Struct, frozen=True):
    """An account as administrators see it."""

    username: str
    display_name: str
    is_admin: bool
    state: str
    created_at: str
    seen_at: str | None


class TokenOut(msgspec.Struct, frozen=True):
    id: int
    kind: str
    name: str
    created_at: str
    expires_at: str | None
    token: str


def room_out(view: RoomView) -> RoomOut:
    room = view.room
    return RoomOut(
        slug=room.slug,
        name=room.name,
        topic=room.topic,
        kind=room.kind,
        title=view.title,
        members=view.members,
        is_member=view.is_member,
        role=view.role,
        index=room.last_index,
        version=room.last_version,
        read_index=view.read_index,
        read_turn=view.mark.turn,
        unread=view.unread,
        mentions=len(view.mentions),
        level=view.level if view.is_member else None,
    )


def read_mark_out(room: Room, mark: ReadMark) -> ReadMarkOut:
    return ReadMarkOut(mark.index, mark.turn, room.last_index - mark.index)


def member_out(member: Member, presence: Presence) -> MemberOut:
    return MemberOut(member.username, member.display_name, member.role, presence, member.status)


def me_out(person: Person) -> Me:
    return Me(
        id=str(person.id),
        username=person.username,
        display_name=person.display_name,
        email=person.email,
        is_admin=person.is_admin,
        theme=person.theme,
        time_zone=person.time_zone,
    )


def user_out(account: Account) -> UserOut:
    person = account.person
    return UserOut(
        username=person.username,
        display_name=person.display_name,
        is_admin=person.is_admin,
        state=account.state,
        created_at=timestamp(person.created_at),
        seen_at=None if account.seen_at is None else timestamp(account.seen_at),
    )


def token_out(token: Token, secret: str) -> TokenOut:
    expires_at = None if token.expires_at is None else timestamp(token.expires_at)
    return TokenOut(token.id, token.kind, token.name, timestamp(token.created_at), expires_at, secret)


def history_out(request: web.Request, history: History) -> dict[str, Any]:
    """With the bodies drawn when the query says ``html=true``."""
    slug, with_html = request.match_info["room"], query.flag(request, "html")
    return {
        "messages": [wire(message, slug, with_html=with_html) for message in history.messages],
        "index": history.index,
        "version": history.version,
        "epoch": request.config_dict[CHAT].messages.epoch,
        "complete": history.is_complete,
    }
