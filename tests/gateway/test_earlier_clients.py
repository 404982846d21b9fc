"""Protocol 1 as it stood on 2026-11-25, before reactions, pins, files, presence, mentions and levels: clients that were
written then, and pages that were open during the upgrade, go on without being loaded anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.core.events import PROTOCOL, Close, Event, Limits, User, WireMessage
from chatapp.gateway import commands, registry
from chatapp.web import routes
from tests.support.cast import Actor

# What was sent with each action (the fields it could not do without first), and what was read in the answer.
ACTIONS: Final = {
    "deleteMessage": ("room index", "", "message"),
    "editMessage": ("room index content", "", "message"),
    "getRecentMessages": ("room", "limit before", "messages"),
    "markRead": ("room index", "", "unread"),
    "ping": ("", "", "pong"),
    "sendMessage": ("room content", "client_id reply_to", "message"),
    "subscribe": ("room", "limit after epoch html", "room messages index version read_index epoch complete"),
    "typing": ("room", "active", ""),
    "unsubscribe": ("room", "", ""),
}
EVENTS: Final = {
    "hello": "protocol server connection user heartbeat limits epoch",
    "messages": "room messages",
    "typing": "room username display_name active",
    "read": "room index unread",
    "roomChanged": "room name topic kind",
    "roomAdded": "room name topic kind index read_index",
    "roomRemoved": "room",
    "userChanged": "username display_name",
    "draining": "retry_after",
}
OBJECTS: Final[dict[type[msgspec.Struct], str]] = {
    WireMessage: "id room index version username display_name timestamp content html edited_at deleted reply_to "
    "reactions mentions attachments client_id kind",
    User: "id username display_name",
    Limits: "content frame",
}
ERRORS: Final = {
    400: "bad_json bad_request unknown_action",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    429: "rate_limited",
    500: "internal",
    503: "unavailable",
}
CLOSES: Final = {1000, 1001, 1002, 1003, 1007, 1009, 1011, 1012, 4401, 4408, 4429}
ROUTES: Final = {
    "/me": "GET",
    "/rooms": "GET POST",
    "/rooms/{room}": "GET PATCH",
    "/rooms/{room}/changes": "GET",
    "/rooms/{room}/members": "GET",
    "/rooms/{room}/members/{username}": "PUT DELETE",
    "/rooms/{room}/messages": "GET POST",
    "/rooms/{room}/messages/{index}": "GET PATCH DELETE",
    "/rooms/{room}/read": "PUT",
    "/server": "GET",
    "/tokens": "POST",
    "/tokens/{id}": "DELETE",
    "/users": "GET",
    "/users/{username}": "GET PATCH",
    "/ws-tickets": "POST",
}


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def is_left(struct: type[msgspec.Struct], words: str) -> bool:
    return set(words.split()) <= set(struct.__struct_encode_fields__)


def test_every_name_is_still_there_and_no_command_wants_more() -> None:
    commands.load()
    assert PROTOCOL == 1, "Then these tables stay as they are, and the server speaks both."
    actions, news = registry.actions(), {str(kind.__struct_config__.tag): kind for kind in subclasses(Event)}
    for action, (wanted, possible, _) in ACTIONS.items():
        assert is_left(actions[action], f"{wanted} {possible}"), action
        needed = {field.name for field in msgspec.structs.fields(actions[action]) if field.required}
        assert needed <= set(wanted.split()), action
    assert all(is_left(news[event], words) for event, words in EVENTS.items())
    assert all(is_left(struct, words) for struct, words in OBJECTS.items())
    errors = {(kind.status, kind.code) for kind in subclasses(ChatError)}
    assert {(status, code) for status, codes in ERRORS.items() for code in codes.split()} - errors == set()
    assert CLOSES.difference(code for code in vars(Close).values() if isinstance(code, int)) == set()


def test_every_route_is_still_there() -> None:
    app = web.Application()
    routes.setup_routes(app)
    real = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    assert {(method, f"/api/v1{path}") for path, methods in ROUTES.items() for method in methods.split()} <= real


async def test_a_client_of_then_talks_and_hears_beside_one_of_now(ada: Actor, grace: Actor) -> None:
    """It knows none of the newer fields and news, and asks for none."""
    then, now = await ada.connects(), await grace.listens_to()
    assert set(EVENTS["hello"].split()) <= set(then.hello)

    async def asks(action: str, **fields: Any) -> dict[str, Any]:
        answer = await then.asks(action, **fields)
        assert answer["ok"], answer
        assert set(ACTIONS[action][2].split()) <= set(answer)
        return answer

    assert (await asks("subscribe", room="general", limit=10))["complete"]
    said = (await asks("sendMessage", room="general", content="first", client_id="k1"))["message"]
    await asks("typing", room="general", active=True)
    assert (await now.hears("typing"))["username"] == "ada"
    assert (await now.asks("addReaction", room="general", index=1, emoji="🎉"))["ok"]
    assert (await now.asks("pinMessage", room="general", index=1))["ok"]
    await now.says("second")
    heard = await then.hears_messages(4)
    assert [message["version"] for message in heard] == [1, 2, 3, 4]
    assert {**heard[2], "reactions": 0, "pinned": 0, "version": 1} == {**said, "reactions": 0, "pinned": 0}
    assert heard[3]["content"] == "second"
    assert (await asks("markRead", room="general", index=2))["unread"] == 0
    assert [message["index"] for message in (await asks("getRecentMessages", room="general"))["messages"]] == [1, 2]
    assert (await asks("editMessage", room="general", index=1, content="first!"))["message"]["content"] == "first!"
    assert (await asks("deleteMessage", room="general", index=1))["message"]["deleted"]
    await asks("unsubscribe", room="general")
    await now.says("third")
    again = await asks("subscribe", room="general", after=4, epoch=then.hello["epoch"])
    assert [(message["index"], message["version"]) for message in again["messages"]] == [(1, 6), (3, 7)]
    assert (await asks("ping"))["pong"] is True
