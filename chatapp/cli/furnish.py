"""A chat to be measured: people with tokens, rooms with a past, made by the same functions as any other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from chatapp import app
from chatapp.core import circumstances
from chatapp.core.circumstances import COMMAND_LINE, Circumstances
from chatapp.core.models import Person
from chatapp.core.rooms import GENERAL
from chatapp.domain.chat import Chat
from chatapp.settings import Settings

PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of people who exist for a minute
EVERYONE: Final = GENERAL
PAST: Final = 50
AT_ONCE: Final = 1000
# The cheapest: a token logs in without a password, and what is measured never hashes one.
MEMORY_KIB: Final = 32
TEXT: Final = "the quick brown fox jumps over the lazy dog, as it has done since there is anything to test at all"

Progress = Callable[[int], None]


class Furnished(NamedTuple):
    """Tokens by person; of each small room its address and the tokens of its members."""

    tokens: list[str]
    rooms: dict[str, list[str]]


def environment_for(data: Path, durability: str = "full", *, database_url: str = "") -> dict[str, str]:
    """Settings under which no rate and no count of sockets stands between the measurement and the machine."""
    return {
        "CHATAPP_DATA": str(data),
        "CHATAPP_DATABASE_URL": database_url,
        "CHATAPP_LIMITS": "off",
        "CHATAPP_DURABILITY": durability,
        "CHATAPP_PASSWORD_MEMORY_KIB": str(MEMORY_KIB),
    }


async def furnish(
    data: Path,
    *,
    people: int,
    rooms: int = 0,
    members: int = 10,
    past: int = PAST,
    progress: Progress = lambda _: None,
    database_url: str = "",
) -> Furnished:
    """A new data folder: everybody is in ``general``, the first ``members`` in the first room, and so on."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240 - there is nothing yet to keep waiting
    # Nothing here has to survive a power cut.
    async with app.offline(Settings.from_env(environment_for(data, "normal", database_url=database_url))) as chat:
        with circumstances.under(Circumstances(actor=COMMAND_LINE)):
            persons, tokens = [], []
            for number in range(people):
                persons.append(await _person(chat, number))
                tokens.append((await chat.sign_in.create_token(persons[-1], "measurement", None))[1])
                progress(1)
            await _say(chat, persons[0], EVERYONE, past, progress)
            found = {}
            for number in range(rooms):
                places = [(number * members + place) % people for place in range(members)]
                slug = await _room(chat, number, [persons[place] for place in places])
                found[slug] = [tokens[place] for place in places]
            while await chat.search.indexing.next():
                progress(0)
    return Furnished(tokens, found)


async def _person(chat: Chat, number: int) -> Person:
    name = f"guest-{number:05}"
    return await chat.accounts.add(
        username=name, email=f"{name}@example.org", password=PASSWORD, display_name=f"Guest {number}", is_admin=False
    )


async def _room(chat: Chat, number: int, members: list[Person]) -> str:
    room = await chat.rooms.create(members[0], name=f"Room {number}", slug=f"room-{number:03}")
    for member in members[1:]:
        await chat.memberships.add(members[0], room.slug, member.username)
    await _say(chat, members[0], room.slug, PAST, lambda _: None)
    return room.slug


async def _say(chat: Chat, author: Person, slug: str, times: int, progress: Progress) -> None:
    for begun in range(0, times, AT_ONCE):
        count = min(AT_ONCE, times - begun)
        await asyncio.gather(*(chat.messages.post(author, slug, f"{TEXT} {begun + n}") for n in range(count)))
        progress(0)
