"""Who may do what in which room, through every door: one table, each cell a request to a running server."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.support.world import NOT_IN_THE_CHAT, OUTSIDE, PERSONS, World
from tests.web.doors import CHANGING, EVERY, INSIDE, PAGE_OF_AN_OPEN_ROOM

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
look names up     -    yes    yes   yes         -    yes    yes   yes         -      yes
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
mark unread       -    yes    yes   yes         -    yes    yes   yes         -      yes
take reading back -    yes    yes   yes         -    yes    yes   yes         -      yes
set a level       -    yes    yes   yes         -    yes    yes   yes         -      yes
say one types     -    yes    yes   yes         -    yes    yes   yes         -      yes
join              yes  yes    yes   yes         -    yes    yes   yes         -      yes
leave             -    yes    yes   yes         -    yes    yes   yes         -      no
add somebody      -    yes    yes   yes         -    no     yes   yes         -      no
remove somebody   -    no     yes   yes         -    no     yes   yes         -      no
name the room     -    no     yes   yes         -    no     yes   yes         -      no
"""
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
