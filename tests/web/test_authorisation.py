"""Who may do what in which room, through every door: one table, each cell a request to a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.support.engine import settings_on
from tests.support.world import CLOSED, NOT_IN_THE_CHAT, NOWHERE, OPEN, OUTSIDE, PERSONS, Answer, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Columns: in an open room somebody outside of it (an outsider, a former member, an administrator alike), a member,
# an owner, a moderator (an administrator who is in it); the same for a closed one; in a direct room others and its
# own two. "yes" done or shown, "-" like what does not exist, "no" forbidden. A room that does not exist is "-" for all.
TABLE: Final = """
verb              out  member owner moderator   out  member owner moderator   others own
see in lists      yes  yes    yes   yes         -    yes    yes   yes         -      yes
show              yes  yes    yes   yes         -    yes    yes   yes         -      yes
settings page     yes  yes    yes   yes         -    yes    yes   yes         -      yes
read history      -    yes    yes   yes         -    yes    yes   yes         -      yes
read one          -    yes    yes   yes         -    yes    yes   yes         -      yes
read changes      -    yes    yes   yes         -    yes    yes   yes         -      yes
fetch a file      -    yes    yes   yes         -    yes    yes   yes         -      yes
upload a file     -    yes    yes   yes         -    yes    yes   yes         -      yes
subscribe         -    yes    yes   yes         -    yes    yes   yes         -      yes
unsubscribe       -    yes    yes   yes         -    yes    yes   yes         -      yes
open room socket  -    yes    yes   yes         -    yes    yes   yes         -      yes
list members      yes  yes    yes   yes         -    yes    yes   yes         -      yes
post              -    yes    yes   yes         -    yes    yes   yes         -      yes
edit own          -    yes    yes   yes         -    yes    yes   yes         -      yes
edit another's    -    no     no    no          -    no     no    no          -      no
own wordings      -    yes    yes   yes         -    yes    yes   yes         -      yes
another's wordings -   -      -     yes         -    -      -     yes         -      -
delete own        -    yes    yes   yes         -    yes    yes   yes         -      yes
delete another's  -    no     yes   yes         -    no     yes   yes         -      no
react             -    yes    yes   yes         -    yes    yes   yes         -      yes
take back         -    yes    yes   yes         -    yes    yes   yes         -      yes
see pins          -    yes    yes   yes         -    yes    yes   yes         -      yes
pin               -    yes    yes   yes         -    yes    yes   yes         -      yes
unpin             -    yes    yes   yes         -    yes    yes   yes         -      yes
mark read         -    yes    yes   yes         -    yes    yes   yes         -      yes
set a level       -    yes    yes   yes         -    yes    yes   yes         -      yes
say one types     -    yes    yes   yes         -    yes    yes   yes         -      yes
join              yes  yes    yes   yes         -    yes    yes   yes         -      yes
leave             -    yes    yes   yes         -    yes    yes   yes         -      no
add somebody      -    yes    yes   yes         -    no     yes   yes         -      no
remove somebody   -    no     yes   yes         -    no     yes   yes         -      no
name the room     -    no     yes   yes         -    no     yes   yes         -      no
"""
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


async def anothers(w: World, p: str, r: str) -> int:
    return (await w.says("host", r, "another's")).index if r != NOWHERE else 1


async def fetched(w: World, p: str, r: str, where: str, name: str = "") -> Answer:
    file_id = await w.file_in(r)
    answer = await w.page(p, f"/rooms/{r}/{where}/{file_id}{name}")
    return replace(answer, told=answer.told.replace(f"/{file_id}", "/N"))


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
    "set a level": {
        "POST /rooms/{slug}/level": lambda w, p, r: w.form(p, f"/rooms/{r}/level", level="mentions"),
        "PUT /api/v1/rooms/{room}/level": lambda w, p, r: w.rest(p, "PUT", api(r, "/level"), body={"level": "all"}),
        "setLevel": lambda w, p, r: w.ws(p, "setLevel", r, level="hidden"),
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
CELLS: Final = [(verb, door) for verb, doors in EVERY.items() for door in doors]


def expected(verb: str) -> dict[tuple[str, str], str]:
    """By (kind of room, person)."""
    line = next(line for line in TABLE.splitlines() if line.startswith(f"{verb} "))
    words = line[len(verb) :].split()
    kinds = {"open": words[:4], "closed": words[4:8]}
    found = {(kind, who): four[0] for kind, four in kinds.items() for who in OUTSIDE}
    for kind, four in kinds.items():
        found |= {(kind, who): word for who, word in zip(INSIDE, four[1:], strict=True)}
    found |= {("direct", who): words[9] if who == "member" else words[8] for who in PERSONS}
    return found | {("nowhere", who): "-" for who in PERSONS}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> AsyncIterator[World]:
    data = tmp_path_factory.mktemp("world")
    settings = settings_on(data, migrated, limits=False, registration="open", durability="normal")
    async with open_world(settings) as opened:
        yield opened


def kinds(world: World) -> dict[str, str]:
    return dict(zip(("open", "closed", "direct", "nowhere"), world.rooms, strict=True))


@pytest.mark.parametrize(("verb", "door"), CELLS)
async def test_the_table_holds(world: World, verb: str, door: str) -> None:
    """And whatever is refused as not there is refused exactly as what is not there."""
    ask = EVERY[verb][door]
    found: dict[tuple[str, str], str] = {}
    for who in PERSONS:
        told: dict[str, str] = {}
        for kind, slug in kinds(world).items():
            answer = await ask(world, who, slug)
            if verb in CHANGING and answer.word == "yes":
                await world.puts_back()
            found[kind, who] = answer.word
            if answer.word == "-" and verb != "see in lists":
                told[kind] = answer.told.replace(slug, "SLUG")
        if door != PAGE_OF_AN_OPEN_ROOM:
            assert set(told.values()) <= {told.get("nowhere")}, (who, told)
    assert found == expected(verb)


@pytest.mark.parametrize(("verb", "door"), CELLS)
async def test_who_is_not_in_the_chat_is_sent_to_log_in_whatever_the_room(world: World, verb: str, door: str) -> None:
    for who in NOT_IN_THE_CHAT:
        answers: dict[str, Any] = {slug: await EVERY[verb][door](world, who, slug) for slug in world.rooms}
        # An unverified account has no token: by its cookie REST and sockets refuse it, pages lead to /verify.
        allowed = {"login", "no"} if who == "unverified" else {"login"}
        assert {answer.word for answer in answers.values()} <= allowed, answers
        assert len({answer.told.replace(slug, "SLUG") for slug, answer in answers.items()}) == 1
