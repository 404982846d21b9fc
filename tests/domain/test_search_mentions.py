"""Finding what mentions the one who asks, and what people said by their display names."""

from __future__ import annotations

import pytest

from chatapp.core.models import Person
from tests.domain.test_search import finds
from tests.support.house import House


@pytest.fixture
async def ada(unhurried: House) -> Person:
    return await unhurried.person("ada")


async def test_what_mentions_one_is_found_by_the_one_who_is_meant(unhurried: House, ada: Person) -> None:
    messages = unhurried.chat.messages
    grace = await unhurried.person("grace.h-o_p")
    said = ["@grace.h-o_p deploys", "@room deploys", "@here deploys", "@ada deploys", "grace deploys"]
    for words in said:
        await messages.post(ada, "general", words)
    await messages.post(grace, "general", "@ada and @grace.h-o_p, @room")
    for who, asked, expected in (
        (grace, "is:mention", said[2::-1]),
        (grace, "IS:MENTION deploys -@room", [said[2], said[0]]),
        (grace, "deploys -is:mention", [said[4], said[3]]),
        (ada, "is:mention", ["@ada and @grace.h-o_p, @room"]),
        (ada, "is:mention from:me", []),
        (ada, "-is:mention deploys", said[::-1]),
    ):
        assert await finds(unhurried, who, asked) == expected, (who.username, asked)
    await messages.edit(ada, "general", 1, "nobody deploys")
    assert await finds(unhurried, grace, "is:mention") == said[2:0:-1]
    assert await finds(unhurried, grace, "is:mention eploy", is_slow=True) == said[2:0:-1]


async def test_people_are_searched_by_their_display_name(unhurried: House, ada: Person) -> None:
    chat = unhurried.chat
    for username in ("wang", "other", "third"):
        person = await unhurried.person(username)
        await chat.accounts.update_profile(
            person, display_name="王小美" if username != "third" else "Wang", time_zone=""
        )
        await chat.messages.post(person, "general", username)
    assert await finds(unhurried, ada, "from:王小美") == ["other", "wang"]
    assert await finds(unhurried, ada, "in:general -from:@王小美") == ["third"]
    assert await finds(unhurried, ada, "from:Wang") == ["wang"]
