"""Every address and every command says who may use it: in the table of rooms, or here."""

from __future__ import annotations

import time
from statistics import median
from typing import Any, Final

import pytest

from chatapp.gateway import commands, registry
from tests.support.rounds import IS_LONG, rounds
from tests.support.world import CLOSED, NOWHERE, Answer, World
from tests.web.doors import EVERY

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANYONE: Final = {
    *("GET /ping", "GET /healthz", "GET /readyz", "GET /robots.txt", "GET /api/docs", "GET /static/{digest}/{path}"),
    "GET /words/{tag}/{digest}",
    *("GET /.well-known/security.txt", "GET /service-worker.js", "GET /manifest.webmanifest"),
    "POST /language",
    *("GET /login", "POST /login", "POST /logout", "GET /register", "POST /register"),
    *("GET /join/{code}", "POST /join/{code}", "GET /forgot", "POST /forgot", "GET /api/v1/server"),
    *("GET /verify/{token}", "POST /verify/{token}", "GET /reset/{token}", "POST /reset/{token}"),
    # Only while there is no account; a name and a password instead of a credential.
    *("GET /setup", "POST /setup", "POST /api/v1/tokens"),
}
# Who has an account, confirmed or not.
UNCONFIRMED: Final = {"GET /verify", "POST /verify", "POST /settings/sessions/end-others"}
PEOPLE: Final = {
    *("GET /", "GET /rooms/new", "POST /rooms", "GET /people", "GET /people/{username}", "POST /direct"),
    *("GET /commands", "GET /api/v1/commands"),
    *("GET /search", "GET /api/v1/search"),
    *("GET /settings", "GET /settings/profile", "POST /settings/profile", "POST /settings/password"),
    *("POST /settings/presence", "GET /settings/notifications", "POST /settings/notifications"),
    *("POST /settings/quiet-hours", "POST /settings/silence", "GET /api/v1/me/notifications"),
    *("POST /settings/push/test", "POST /settings/push/remove", "PUT /api/v1/me/push", "DELETE /api/v1/me/push"),
    "POST /settings/away",
    *("GET /settings/appearance", "POST /settings/theme", "POST /settings/density", "POST /settings/clock"),
    *("GET /settings/sessions", "POST /settings/sessions/end"),
    *("GET /settings/tokens", "POST /settings/tokens", "POST /settings/tokens/{id}/revoke"),
    *("GET /api/v1/me", "POST /api/v1/rooms", "DELETE /api/v1/tokens/{id}", "GET /ws"),
    "POST /api/v1/ws-tickets",
}
# For everybody else: forbidden, or as if it were not there.
ADMINISTRATORS: Final = {
    "GET /settings/invites": "no",
    "POST /settings/invites": "no",
    "POST /settings/invites/{id}/revoke": "no",
    "GET /admin/users": "-",
    "GET /admin/users/{username}": "-",
    "POST /admin/users/{username}/disable": "-",
    "POST /admin/users/{username}/enable": "-",
    "POST /admin/users/{username}/promote": "-",
    "POST /admin/users/{username}/demote": "-",
    "GET /api/v1/users": "-",
    "GET /api/v1/users/{username}": "-",
    "PATCH /api/v1/users/{username}": "-",
    "GET /admin/audit": "-",
    "POST /admin/audit/export": "-",
}
IN_THE_TABLE: Final = {door.strip() for doors in EVERY.values() for door in doors}
FILLED: Final = {"{id}": "1", "{digest}": "x", "{path}": "x", "{code}": "x", "{token}": "x", "{username}": "newcomer"}
# Of medians; a few on a busy machine say little, thousands say much.
BOUND: Final = 1.1 if IS_LONG else 3.0
SIGNED_IN: Final = sorted(PEOPLE | ADMINISTRATORS.keys() | UNCONFIRMED)


async def asks(world: World, who: str, route: str) -> Answer:
    method, path = route.split()
    for name, value in FILLED.items():
        path = path.replace(name, value)
    if path == "/ws":
        return await world.ws(who, "ping", "")
    if path.startswith("/api/v1"):
        body: Any = {} if method in {"POST", "PATCH"} else None
        return await world.rest(who, method, path.removeprefix("/api/v1"), body=body)
    return await (world.page(who, path) if method == "GET" else world.form(who, path))


async def test_every_address_says_who_may_use_it(world: World) -> None:
    router = world.client.app.router
    known = {f"{route.method} {route.resource.canonical}" for route in router.routes() if route.resource}
    said = ANYONE | UNCONFIRMED | PEOPLE | ADMINISTRATORS.keys() | IN_THE_TABLE
    assert {route for route in known if not route.startswith("HEAD ")} - said == set()
    # And none that is gone stays in the tables.
    assert {route for route in said if " /" in route} - known == set()


async def test_every_command_says_who_may_use_it() -> None:
    commands.load()
    assert registry.actions().keys() - IN_THE_TABLE == {"ping", "presence"}


@pytest.mark.parametrize("route", SIGNED_IN)
async def test_who_is_not_in_the_chat_is_sent_to_log_in(world: World, route: str) -> None:
    assert (await asks(world, "nobody", route)).word == "login"
    assert (await asks(world, "disabled", route)).word == "login"
    unverified = await asks(world, "unverified", route)
    # 429: a link was mailed a moment ago.
    allowed = {"yes", "429"} if route in UNCONFIRMED else {"no"} if "/api/" in route else {"login"}
    assert unverified.word in allowed


@pytest.mark.parametrize("route", ADMINISTRATORS)
async def test_what_is_for_administrators_is_for_nobody_else(world: World, route: str) -> None:
    for who in ("outsider", "member", "owner", "former"):
        assert (await asks(world, who, route)).word == ADMINISTRATORS[route]
    # 422: a box was not ticked.
    assert (await asks(world, "admin", route)).word in {"yes", "-", "422"}


@pytest.mark.parametrize("who", ["outsider", "admin"])
async def test_anothers_session_or_token_is_as_if_it_were_not_there(world: World, who: str) -> None:
    (token,) = await world.chat.sign_in.tokens(world.people["member"])
    (session,) = await world.chat.sign_in.sessions(world.people["member"])
    for theirs, nothing in (
        (await world.rest(who, "DELETE", f"/tokens/{token.id}"), await world.rest(who, "DELETE", "/tokens/999")),
        (
            await world.form(who, f"/settings/tokens/{token.id}/revoke"),
            await world.form(who, "/settings/tokens/999/revoke"),
        ),
        (
            await world.form(who, "/settings/sessions/end", digest=session.digest),
            await world.form(who, "/settings/sessions/end", digest="0" * 64),
        ),
    ):
        assert theirs.word == "-"
        assert theirs == nothing
    assert len(await world.chat.sign_in.tokens(world.people["member"])) == 1
    assert len(await world.chat.sign_in.sessions(world.people["member"])) == 1


async def test_a_direct_room_cannot_be_guessed_or_made_by_its_address(world: World) -> None:
    nobodys = "dm-9998-9999"
    for who in ("outsider", "admin"):
        taken = await world.rest(who, "POST", "/rooms", body={"name": "x", "slug": world.direct})
        free = await world.rest(who, "POST", "/rooms", body={"name": "x", "slug": nobodys})
        assert (taken.word, taken) == ("422", free)
        for method, path in (("GET", ""), ("GET", "/messages"), ("POST", "/messages"), ("PUT", f"/members/{who}")):
            body = {"content": "x"} if method == "POST" else None
            one, other = [
                await world.rest(who, method, f"/rooms/{slug}{path}", body=body) for slug in (world.direct, nobodys)
            ]
            assert one == other, (method, path)


async def test_a_foreign_room_takes_as_long_as_none(world: World) -> None:
    """Asked in turn, so that whatever slows the machine down slows both."""
    took: dict[str, list[float]] = {CLOSED: [], NOWHERE: []}
    for _ in range(rounds(30, 2000)):
        for slug, times in took.items():
            began = time.perf_counter()
            assert (await world.rest("outsider", "GET", f"/rooms/{slug}/messages")).word == "-"
            times.append(time.perf_counter() - began)
    ratio = median(took[CLOSED]) / median(took[NOWHERE])
    print(f"foreign / nonexistent: {ratio:.3f}")
    assert 1 / BOUND < ratio < BOUND


async def test_others_learn_a_persons_names_and_whether_they_are_here(world: World) -> None:
    shown = await world.page("outsider", "/people")
    assert "@example.org" not in shown.told
    assert "disabled" not in shown.told
    assert "unverified" not in shown.told
    answer = await world.client.get("/api/v1/rooms/plaza/members", headers=world._bearer("outsider"))
    members = (await answer.json())["members"]
    fields = {name for member in members for name in member}
    assert fields == {"username", "display_name", "role", "presence", "status"}
    # Why they are away is for those who are in the room.
    assert {member["status"] for member in members} == {""}
