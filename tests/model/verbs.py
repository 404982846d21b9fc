"""What else people do: who is in which room and under what name, who comes and goes; and the list of all verbs."""

from __future__ import annotations

from typing import Final

from tests.model.mirror import API
from tests.model.talking import (
    any_room,
    deletes,
    edits,
    goes_back,
    hears_anew,
    looks_or_is_away,
    marks_read,
    pins,
    posts,
    reacts,
    reads_recent,
    sets_a_level,
    someone,
    stops_hearing,
    types,
    writes_a_command,
)
from tests.model.world import PEOPLE, Act, Room, Verb, World, closed_with

OPEN, CLOSED = "open", "closed"


def opens_a_room(world: World) -> Act | None:
    if len(world.rooms) > 7:
        return None
    number, kind, username = world.number(), world.chance.choice((OPEN, CLOSED)), world.chance.choice(PEOPLE)

    async def act() -> None:
        body = {"name": f"Room {number}", "kind": kind, "topic": f"about {number}"}
        is_done, answer = await world.calls(username, "POST", API, body)
        assert is_done
        world.rooms[answer["slug"]] = Room(kind, body["name"], body["topic"], {username})

    return act()


def talks_to_one(world: World) -> Act | None:
    username, other = world.chance.choice(PEOPLE), world.chance.choice(PEOPLE)

    async def act() -> None:
        room = await world.chat.rooms.open_direct(world.people[username], other)
        world.rooms.setdefault(room.slug, Room("direct", "", members={username, other}))

    return act()


def renames(world: World) -> Act | None:
    slug, username, number = any_room(world), world.chance.choice(PEOPLE), world.number()
    if (slug, 0) in world.touched:
        return None
    world.touched.add((slug, 0))
    body = world.chance.choice(({"name": f"Name {number}"}, {"topic": f"topic {number}"}))

    async def act() -> None:
        is_done, _ = await world.calls(username, "PATCH", f"{API}/{slug}", body)
        if is_done:
            room = world.rooms[slug]
            room.name, room.topic = body.get("name", room.name), body.get("topic", room.topic)

    return act()


def joins(world: World) -> Act | None:
    username = world.chance.choice(PEOPLE)
    return _moves(world, "PUT", username, username)


def leaves(world: World) -> Act | None:
    username = world.chance.choice(PEOPLE)
    return _moves(world, "DELETE", username, username)


def brings_in(world: World) -> Act | None:
    return _moves(world, "PUT", *world.chance.sample(PEOPLE, 2))


def takes_out(world: World) -> Act | None:
    return _moves(world, "DELETE", *world.chance.sample(PEOPLE, 2))


def _moves(world: World, method: str, by: str, whom: str) -> Act | None:
    slug = any_room(world)
    if (slug, whom) in world.touched:
        return None
    world.touched.add((slug, whom))
    world.moves(slug, whom)

    async def act() -> None:
        is_done, _ = await world.calls(by, method, f"{API}/{slug}/members/{whom}")
        if is_done:
            world.moved(slug, whom, is_in=method == "PUT")

    return act()


def changes_name(world: World) -> Act | None:
    username, name = world.chance.choice(PEOPLE), f"Name {world.number()}"
    if ("name", username) in world.touched:
        return None
    world.touched.add(("name", username))

    async def act() -> None:
        person = await world.chat.accounts.update_profile(world.people[username], display_name=name, time_zone="")
        world.people[username], world.names[username] = person, name

    return act()


def goes_away(world: World) -> Act | None:
    """Without a word to the others; it comes back in a later step."""
    mirror = someone(world)
    return None if mirror is None else mirror.leaves(politely=world.chance.random() < 0.5)


def comes_back(world: World) -> Act | None:
    away = [mirror for mirror in world.mirrors if mirror.ear is None and mirror not in world.busy]
    if not away:
        return None
    mirror = world.chance.choice(away)
    world.busy.append(mirror)
    return mirror.connects(world.client)


def revokes_a_token(world: World) -> Act | None:
    """The socket opened with it ends, with 4401."""
    mirror = someone(world)
    if mirror is None:
        return None

    async def act() -> None:
        found = await world.chat.sign_in.by_token(mirror.token)
        assert found
        assert found.token_id is not None
        await world.chat.sign_in.revoke_token(found.person, found.token_id)
        assert await closed_with(mirror) == 4401
        mirror.token = await world.token(mirror.username)

    return act()


# Those that are done alone, for everybody has to do with them.


async def is_shut_out_and_let_in(world: World) -> None:
    username = world.chance.choice(PEOPLE[1:])
    mirrors = [mirror for mirror in world.open_mirrors() if mirror.username == username]
    address = f"/api/v1/users/{username}"
    assert (await world.calls("ada", "PATCH", address, {"is_disabled": True}))[0]
    assert [await closed_with(mirror) for mirror in mirrors] == [4401 for _ in mirrors]
    assert (await world.calls("ada", "PATCH", address, {"is_disabled": False}))[0]
    for mirror in world.mirrors:
        if mirror.username == username:
            mirror.token = await world.token(username)


async def the_server_restarts(world: World) -> None:
    await world.restarts()


AT_ONCE: Final[dict[Verb, int]] = {
    posts: 8,
    edits: 4,
    deletes: 2,
    reacts: 4,
    pins: 2,
    marks_read: 4,
    goes_back: 2,
    sets_a_level: 1,
    writes_a_command: 2,
    types: 1,
    looks_or_is_away: 2,
    reads_recent: 1,
    hears_anew: 1,
    stops_hearing: 1,
    opens_a_room: 1,
    talks_to_one: 1,
    renames: 2,
    joins: 2,
    leaves: 2,
    brings_in: 2,
    takes_out: 2,
    changes_name: 2,
    goes_away: 2,
    comes_back: 3,
    revokes_a_token: 1,
}
ALONE: Final = (is_shut_out_and_let_in, the_server_restarts)
# The verb for each action of /ws; test_model.py compares it with the registry.
BY_ACTION: Final[dict[str, str]] = {
    "sendMessage": "posts",
    "editMessage": "edits",
    "deleteMessage": "deletes",
    "addReaction": "reacts",
    "removeReaction": "reacts",
    "pinMessage": "pins",
    "unpinMessage": "pins",
    "markRead": "marks_read",
    "markUnread": "goes_back",
    "undoRead": "goes_back",
    "setLevel": "sets_a_level",
    "runCommand": "writes_a_command",
    "typing": "types",
    "presence": "looks_or_is_away",
    "getRecentMessages": "reads_recent",
    "subscribe": "hears_anew",
    "unsubscribe": "stops_hearing",
    "ping": "every settling",
}
# And for each change over REST; the rest changes nothing that clients hear of.
BY_ROUTE: Final[dict[str, str]] = {
    "POST /api/v1/rooms": "opens_a_room",
    "PATCH /api/v1/rooms/{room}": "renames",
    "PUT /api/v1/rooms/{room}/members/{username}": "joins, brings_in",
    "DELETE /api/v1/rooms/{room}/members/{username}": "leaves, takes_out",
    "POST /api/v1/rooms/{room}/messages": "posts",
    "PATCH /api/v1/rooms/{room}/messages/{index}": "edits",
    "DELETE /api/v1/rooms/{room}/messages/{index}": "deletes",
    "PUT /api/v1/rooms/{room}/messages/{index}/reactions/{emoji}": "reacts",
    "DELETE /api/v1/rooms/{room}/messages/{index}/reactions/{emoji}": "reacts",
    "PUT /api/v1/rooms/{room}/messages/{index}/pin": "pins",
    "DELETE /api/v1/rooms/{room}/messages/{index}/pin": "pins",
    "PUT /api/v1/rooms/{room}/read": "marks_read",
    "DELETE /api/v1/rooms/{room}/read": "goes_back",
    "PUT /api/v1/rooms/{room}/unread": "goes_back",
    "PUT /api/v1/rooms/{room}/level": "sets_a_level",
    "POST /api/v1/files": "nothing anybody hears of",
    "POST /api/v1/tokens": "nothing anybody hears of",
    "POST /api/v1/ws-tickets": "nothing anybody hears of",
    "PUT /api/v1/me/push": "nothing anybody hears of",
    "DELETE /api/v1/me/push": "nothing anybody hears of",
    "DELETE /api/v1/tokens/{id}": "revokes_a_token",
    "PATCH /api/v1/users/{username}": "is_shut_out_and_let_in",
}
