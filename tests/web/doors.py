"""Each verb of the table in test_authorisation.py through each of its doors."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from chatapp.core.errors import NotFound
from tests.support.world import CLOSED, NOWHERE, OPEN, Answer, World

# Shown to everybody, without what was said.
PAGE_OF_AN_OPEN_ROOM: Final = "GET /rooms/{slug} "
THUMB: Final = "/messages/1/reactions/%F0%9F%91%8D"
INSIDE: Final = ("member", "owner", "moderator")
Door = Callable[[World, str, str], Awaitable[Answer]]


def api(room: str, rest: str = "") -> str:
    return f"/rooms/{room}{rest}"


def said(w: World, p: str, r: str) -> int:
    """The index of something of one's own, or a first message."""
    return w.own.get((p, r), 1)


async def fresh(w: World, p: str, r: str) -> int:
    """Something that may be deleted: of this person's own where they could say anything."""
    is_inside = (p in INSIDE and r in (OPEN, CLOSED)) or (p == "member" and r == w.direct)
    return (await w.says(p, r, "fresh")).index if is_inside else said(w, p, r)


async def having_read(w: World, p: str, r: str, asking: Awaitable[Answer]) -> Answer:
    """The answer to what can be asked by who has read something."""
    with suppress(NotFound, KeyError):
        await w.chat.memberships.mark_read(w.people[p], r, 1)
    return await asking


async def anothers(w: World, p: str, r: str) -> int:
    return (await w.says("host", r, "another's")).index if r != NOWHERE else 1


async def fetched(w: World, p: str, r: str, where: str, name: str = "") -> Answer:
    file_id = await w.file_in(r)
    answer = await w.page(p, f"/rooms/{r}/{where}/{file_id}{name}")
    return replace(answer, told=re.sub(rf"/{file_id}\b", "/N", answer.told))


# Each verb through each of its doors; ``w`` the world, ``p`` the person, ``r`` the room.
DOORS: Final[dict[str, dict[str, Door]]] = {
    "see in lists": {
        "GET /rooms": lambda w, p, r: w.page(p, "/rooms", holds=f'"/rooms/{r}"'),
        "GET /api/v1/rooms": lambda w, p, r: w.rest(p, "GET", "/rooms", holds=f'"{r}"'),
    },
    "show": {
        "GET /rooms/{slug}": lambda w, p, r: w.page(p, f"/rooms/{r}"),
        "GET /api/v1/rooms/{room}": lambda w, p, r: w.rest(p, "GET", api(r)),
    },
    "settings page": {"GET /rooms/{slug}/settings": lambda w, p, r: w.page(p, f"/rooms/{r}/settings")},
    "read history": {
        PAGE_OF_AN_OPEN_ROOM: lambda w, p, r: w.page(p, f"/rooms/{r}?after=0", holds="words by host"),
        "GET /api/v1/rooms/{room}/messages": lambda w, p, r: w.rest(p, "GET", api(r, "/messages")),
        "before": lambda w, p, r: w.rest(p, "GET", api(r, "/messages?before=9&html=true")),
        "after": lambda w, p, r: w.rest(p, "GET", api(r, "/messages?after=0&limit=1")),
        "around": lambda w, p, r: w.rest(p, "GET", api(r, "/messages?around=1")),
        "getRecentMessages": lambda w, p, r: w.ws(p, "getRecentMessages", r),
        "getRecentMessages before": lambda w, p, r: w.ws(p, "getRecentMessages", r, before=3),
    },
    "read one": {
        "GET /rooms/{slug}/{index}": lambda w, p, r: w.page(p, f"/rooms/{r}/1"),
        "GET /rooms/{slug}/{index}/reactions": lambda w, p, r: w.page(p, f"/rooms/{r}/1/reactions"),
        "GET /api/v1/rooms/{room}/messages/{index}": lambda w, p, r: w.rest(p, "GET", api(r, "/messages/1")),
    },
    "read changes": {
        "GET /api/v1/rooms/{room}/changes": lambda w, p, r: w.rest(p, "GET", api(r, "/changes?after=0")),
        "wait": lambda w, p, r: w.rest(p, "GET", api(r, "/changes?after=0&wait=1")),
        "another epoch": lambda w, p, r: w.rest(p, "GET", api(r, "/changes?after=99999&epoch=another")),
    },
    "fetch a file": {
        "GET /rooms/{slug}/files/{id}/{name}": lambda w, p, r: fetched(w, p, r, "files", "/a.png"),
        "GET /rooms/{slug}/thumbnails/{id}": lambda w, p, r: fetched(w, p, r, "thumbnails"),
        "GET /rooms/{slug}/pictures/{id}": lambda w, p, r: fetched(w, p, r, "pictures"),
    },
    "upload a file": {
        "POST /api/v1/files": lambda w, p, r: w.rest(p, "POST", f"/files?room={r}&name=x", body="x"),
    },
    "subscribe": {
        "subscribe": lambda w, p, r: w.ws(p, "subscribe", r),
        "subscribe after": lambda w, p, r: w.ws(p, "subscribe", r, after=1, epoch=w.chat.epoch),
        "subscribe to nothing": lambda w, p, r: w.ws(p, "subscribe", r, limit=0, html=True),
    },
    "unsubscribe": {"unsubscribe": lambda w, p, r: w.ws(p, "unsubscribe", r)},
    "open room socket": {
        "GET /rooms/{room}/ws": lambda w, p, r: w.room_socket(p, r, {"action": "getRecentMessages"}),
    },
    "list members": {
        "GET /api/v1/rooms/{room}/members": lambda w, p, r: w.rest(p, "GET", api(r, "/members")),
    },
    "look names up": {
        "GET /api/v1/rooms/{room}/candidates": lambda w, p, r: w.rest(p, "GET", api(r, "/candidates?q=a")),
    },
    "post": {
        "POST /rooms/{slug}/messages": lambda w, p, r: w.form(p, f"/rooms/{r}/messages", content="x"),
        "POST /api/v1/rooms/{room}/messages": lambda w, p, r: w.rest(
            p, "POST", api(r, "/messages"), body={"content": "x"}
        ),
        "text": lambda w, p, r: w.rest(p, "POST", api(r, "/messages"), body="x"),
        "sendMessage": lambda w, p, r: w.ws(p, "sendMessage", r, content="x"),
        "room socket": lambda w, p, r: w.room_socket(p, r, {"action": "sendMessage", "content": "x"}),
    },
    "edit own": {
        "PATCH /api/v1/rooms/{room}/messages/{index}": lambda w, p, r: w.rest(
            p, "PATCH", api(r, f"/messages/{said(w, p, r)}"), body={"content": "y"}
        ),
        "editMessage": lambda w, p, r: w.ws(p, "editMessage", r, index=said(w, p, r), content="y"),
        "GET /rooms/{slug}/{index}/edit": lambda w, p, r: w.page(p, f"/rooms/{r}/{said(w, p, r)}/edit"),
        "POST /rooms/{slug}/{index}/edit": lambda w, p, r: w.form(p, f"/rooms/{r}/{said(w, p, r)}/edit", content="y"),
    },
    "own wordings": {
        "GET /rooms/{slug}/{index}/history": lambda w, p, r: w.page(p, f"/rooms/{r}/{said(w, p, r)}/history"),
    },
    "another's wordings": {"page  ": lambda w, p, r: w.page(p, f"/rooms/{r}/1/history")},
    "edit another's": {
        "PATCH": lambda w, p, r: w.rest(p, "PATCH", api(r, "/messages/1"), body={"content": "y"}),
        "editMessage ": lambda w, p, r: w.ws(p, "editMessage", r, index=1, content="y"),
        "page": lambda w, p, r: w.page(p, f"/rooms/{r}/1/edit"),
        "form": lambda w, p, r: w.form(p, f"/rooms/{r}/1/edit", content="y"),
    },
}


async def delete(find: Callable[[World, str, str], Awaitable[int]], w: World, p: str, r: str, door: str) -> Answer:
    index = await find(w, p, r)
    if door == "ws":
        return await w.ws(p, "deleteMessage", r, index=index)
    if door == "page":
        return await w.page(p, f"/rooms/{r}/{index}/delete")
    if door == "form":
        return await w.form(p, f"/rooms/{r}/{index}/delete")
    return await w.rest(p, "DELETE", api(r, f"/messages/{index}"))


CHANGING: Final[dict[str, dict[str, Door]]] = {
    "delete own": {
        "DELETE /api/v1/rooms/{room}/messages/{index}": lambda w, p, r: delete(fresh, w, p, r, "rest"),
        "deleteMessage": lambda w, p, r: delete(fresh, w, p, r, "ws"),
        "GET /rooms/{slug}/{index}/delete": lambda w, p, r: delete(fresh, w, p, r, "page"),
        "POST /rooms/{slug}/{index}/delete": lambda w, p, r: delete(fresh, w, p, r, "form"),
    },
    "delete another's": {
        "DELETE": lambda w, p, r: delete(anothers, w, p, r, "rest"),
        "deleteMessage ": lambda w, p, r: delete(anothers, w, p, r, "ws"),
        "page ": lambda w, p, r: w.page(p, f"/rooms/{r}/1/delete"),
        "form ": lambda w, p, r: delete(anothers, w, p, r, "form"),
    },
    "react": {
        "PUT /api/v1/rooms/{room}/messages/{index}/reactions/{emoji}": lambda w, p, r: w.rest(p, "PUT", api(r, THUMB)),
        "POST /rooms/{slug}/{index}/reactions": lambda w, p, r: w.form(p, f"/rooms/{r}/1/reactions", add="👍"),
        "addReaction": lambda w, p, r: w.ws(p, "addReaction", r, index=1, emoji="👍"),
    },
    "take back": {
        "DELETE /api/v1/rooms/{room}/messages/{index}/reactions/{emoji}": lambda w, p, r: w.rest(
            p, "DELETE", api(r, THUMB)
        ),
        "form to take back": lambda w, p, r: w.form(p, f"/rooms/{r}/1/reactions", remove="👍"),
        "removeReaction": lambda w, p, r: w.ws(p, "removeReaction", r, index=1, emoji="👍"),
    },
    "see pins": {
        "GET /rooms/{slug}/pins": lambda w, p, r: w.page(p, f"/rooms/{r}/pins"),
        "GET /api/v1/rooms/{room}/pins": lambda w, p, r: w.rest(p, "GET", api(r, "/pins")),
    },
    "pin": {
        "PUT /api/v1/rooms/{room}/messages/{index}/pin": lambda w, p, r: w.rest(p, "PUT", api(r, "/messages/1/pin")),
        "POST /rooms/{slug}/{index}/pin": lambda w, p, r: w.form(p, f"/rooms/{r}/1/pin"),
        "pinMessage": lambda w, p, r: w.ws(p, "pinMessage", r, index=1),
    },
    "unpin": {
        "DELETE /api/v1/rooms/{room}/messages/{index}/pin": lambda w, p, r: w.rest(
            p, "DELETE", api(r, "/messages/1/pin")
        ),
        "POST /rooms/{slug}/{index}/unpin": lambda w, p, r: w.form(p, f"/rooms/{r}/1/unpin"),
        "unpinMessage": lambda w, p, r: w.ws(p, "unpinMessage", r, index=1),
    },
    "mark read": {
        "POST /rooms/{slug}/read": lambda w, p, r: w.form(p, f"/rooms/{r}/read", index="1"),
        "PUT /api/v1/rooms/{room}/read": lambda w, p, r: w.rest(p, "PUT", api(r, "/read"), body={"index": 1}),
        "markRead": lambda w, p, r: w.ws(p, "markRead", r, index=1),
    },
    "mark unread": {
        "POST /rooms/{slug}/{index}/unread": lambda w, p, r: w.form(p, f"/rooms/{r}/1/unread"),
        "PUT /api/v1/rooms/{room}/unread": lambda w, p, r: w.rest(p, "PUT", api(r, "/unread"), body={"index": 1}),
        "markUnread": lambda w, p, r: w.ws(p, "markUnread", r, index=1),
    },
    "take reading back": {
        "POST /rooms/{slug}/read/undo": lambda w, p, r: having_read(w, p, r, w.form(p, f"/rooms/{r}/read/undo")),
        "DELETE /api/v1/rooms/{room}/read": lambda w, p, r: having_read(w, p, r, w.rest(p, "DELETE", api(r, "/read"))),
        "undoRead": lambda w, p, r: having_read(w, p, r, w.ws(p, "undoRead", r)),
    },
    "set a level": {
        "POST /rooms/{slug}/level": lambda w, p, r: w.form(p, f"/rooms/{r}/level", level="mentions"),
        "PUT /api/v1/rooms/{room}/level": lambda w, p, r: w.rest(p, "PUT", api(r, "/level"), body={"level": "all"}),
        "setLevel": lambda w, p, r: w.ws(p, "setLevel", r, level="hidden"),
        "runCommand": lambda w, p, r: w.ws(p, "runCommand", r, line="/mute"),
        "a command by form": lambda w, p, r: w.form(p, f"/rooms/{r}/messages", content="/unmute", client_id=""),
    },
    "say one types": {"typing": lambda w, p, r: w.ws(p, "typing", r)},
    "join": {
        "POST /rooms/{slug}/join": lambda w, p, r: w.form(p, f"/rooms/{r}/join"),
        "PUT oneself": lambda w, p, r: w.rest(p, "PUT", api(r, f"/members/{p}")),
    },
    "leave": {
        "POST /rooms/{slug}/leave": lambda w, p, r: w.form(p, f"/rooms/{r}/leave"),
        "DELETE oneself": lambda w, p, r: w.rest(p, "DELETE", api(r, f"/members/{p}")),
    },
    "add somebody": {
        "POST /rooms/{slug}/members": lambda w, p, r: w.form(p, f"/rooms/{r}/members", username="newcomer"),
        "PUT /api/v1/rooms/{room}/members/{username}": lambda w, p, r: w.rest(p, "PUT", api(r, "/members/newcomer")),
    },
    "remove somebody": {
        "POST /rooms/{slug}/members/{username}/remove": lambda w, p, r: w.form(p, f"/rooms/{r}/members/host/remove"),
        "DELETE /api/v1/rooms/{room}/members/{username}": lambda w, p, r: w.rest(p, "DELETE", api(r, "/members/host")),
    },
    "name the room": {
        "POST /rooms/{slug}/settings": lambda w, p, r: w.form(p, f"/rooms/{r}/settings", name="named", topic="t"),
        "PATCH /api/v1/rooms/{room}": lambda w, p, r: w.rest(p, "PATCH", api(r), body={"topic": "t"}),
    },
}
EVERY: Final = DOORS | CHANGING
