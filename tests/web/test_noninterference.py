"""Noninterference (Goguen and Meseguer, 1982): whatever people do in rooms that one is not in, no page of one's own and
no answer to one's own scripts differs by a byte from what it was before.
"""

from __future__ import annotations

import asyncio
import difflib
import itertools
import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.cast import PATIENCE
from tests.support.world import CLOSED, HTML, OPEN, OUTSIDE, PERSONS, World
from tests.web.doors import CHANGING, EVERY

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILLED: Final = {
    "slug": (OPEN, "general", CLOSED, "{direct}"),
    "room": (OPEN, "general", CLOSED, "{direct}"),
    "index": ("1",),
    "id": ("1", "2"),
    "name": ("a.png",),
    "username": ("member", "host", "owner", "outsider"),
    "code": ("x",),
    "token": ("x",),
    "tag": ("en",),
}
# What scripts and pages ask beside plain addresses; "{word}" is said in every room.
ASKED: Final = (
    *(
        f"{path}?q={words}"
        for path in ("/search", "/api/v1/search")
        for words in ("words", "x", "y", "from:member words")
    ),
    *("/search?q=has:file", "/search?q=words&order=oldest", "/people?q=e", "/rooms?q=a", "/"),
    *(
        f"/api/v1/rooms/general/{rest}"
        for rest in ("changes?after=0", "messages?before=99&html=true", "candidates?q=m")
    ),
    "/rooms/general?after=0",
)
# Who asks for it sees all of it: an administrator reads who did what in the chat, without what was said.
FOR_ADMINISTRATORS: Final = "/admin/audit"
# The same for everybody, or not of this world.
LEFT_OUT: Final = re.compile(r"/static/|/words/|/ws$|^/ping|^/healthz|^/readyz")
# Made anew for each answer.
ANEW: Final = re.compile(
    r'(?<=name="csrf" value=")[^"]+|(?<=name="csrf" content=")[^"]+|(?<=Request )[0-9a-f]+|(?<="request_id":")[^"]+'
    r'|(?<=name="client_id" value=")[^"]+|(?<=last checked at <time )[^<]+'
)


def addresses(world: World) -> list[str]:
    """Of all that can be fetched, with every name and number that may mean something."""
    router = world.client.app.router
    known = {route.resource.canonical for route in router.routes() if route.resource and route.method == "GET"}
    plain = itertools.chain.from_iterable(_filled(path) for path in sorted(known) if not LEFT_OUT.search(path))
    return [path.replace("{direct}", world.direct) for path in (*plain, *ASKED)]


def _filled(path: str) -> Iterator[str]:
    names = re.findall(r"\{(\w+)\}", path)
    for values in itertools.product(*(FILLED[name] for name in names)):
        filled = path
        for name, value in zip(names, values, strict=True):
            filled = filled.replace(f"{{{name}}}", value, 1)
        yield filled


async def view(world: World, who: str) -> dict[str, str]:
    """All that this person can fetch, by address."""
    seen = {}
    for path in addresses(world):
        if who == "admin" and path == FOR_ADMINISTRATORS:
            continue
        headers = {} if path.startswith("/api/") else HTML
        url = world.client.make_url(path)
        async with world.sessions[who].get(url, headers=headers, allow_redirects=False) as answer:
            text = await answer.text(errors="replace")
            seen[path] = f"{answer.status} {answer.headers.get('Location')} {ANEW.sub('ANEW', text)}"
    return seen


async def everybody_is_here(world: World) -> None:
    """Those whose sockets are open are shown as being here: that, too, is news of a moment ago."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await world.client.get("/api/v1/rooms/general/members", headers=world._bearer("outsider"))
            members = (await answer.json())["members"]
            if {each["username"] for each in members if each["presence"] == "online"} >= set(PERSONS):
                return
            await asyncio.sleep(0.05)


def differing(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str]]:
    """By address, the lines that are not as they were."""
    found = {path: list(difflib.unified_diff(before[path].split("\n"), after[path].split("\n"), n=0)) for path in after}
    return {path: lines for path, lines in found.items() if lines}


async def everything_happens(world: World) -> set[str]:
    """Each verb through each of its doors, in rooms that the outsiders are not in; those that were let through."""
    done = set()
    for (verb, doors), (slug, who) in itertools.product(
        EVERY.items(), ((CLOSED, "member"), (CLOSED, "owner"), (CLOSED, "moderator"), (world.direct, "member"))
    ):
        for ask in doors.values():
            if (await ask(world, who, slug)).word == "yes":
                done.add(verb)
        if verb in CHANGING:
            await world.puts_back()
    return done


async def test_what_is_done_in_rooms_of_others_changes_nothing_that_one_can_fetch(world: World) -> None:
    await everybody_is_here(world)
    before = {who: await view(world, who) for who in OUTSIDE}
    assert differing(before["outsider"], await view(world, "outsider")) == {}
    insiders = await view(world, "member")
    assert await everything_happens(world) == set(EVERY) - {"edit another's"}
    for who in OUTSIDE:
        after = await view(world, who)
        assert differing(before[who], after) == {}, who
    # It would have been noticed: there are many addresses, and what was done is seen by those who may.
    assert len(addresses(world)) > 100
    assert await view(world, "member") != insiders
