"""Reactions and pins over REST."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.support.cast import Actor
from tests.web.script import CHANGES, MESSAGES, Script, indexes, problem

PINS = "/api/v1/rooms/general/pins"


def reaction(emoji: str, index: int = 1) -> str:
    return f"{MESSAGES}/{index}/reactions/{quote(emoji, safe='')}"


@pytest.fixture(autouse=True)
async def _said(ada: Actor) -> None:
    for content in ("one", "two"):
        await ada.says(content)


@pytest.mark.parametrize("emoji", ["👍", "👩‍👩‍👧‍👦", "#️⃣", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"])
async def test_a_reaction_is_given_and_taken_back(ada_script: Script, emoji: str) -> None:
    given = await ada_script.calls("PUT", reaction(emoji))
    assert given.status == 200
    message = json.loads(given.text)
    assert message["reactions"] == [{"emoji": emoji, "count": 1, "usernames": ["ada"]}]
    assert await ada_script.gets(f"{MESSAGES}/1") == message
    assert (await ada_script.gets(f"{CHANGES}?after=2"))["messages"] == [message]
    assert (await ada_script.calls("PUT", reaction(emoji))).text == given.text
    for _ in range(2):
        assert (await ada_script.calls("DELETE", reaction(emoji))).status == 204
    assert "reactions" not in await ada_script.gets(f"{MESSAGES}/1")
    assert (await ada_script.gets(MESSAGES))["version"] == 4


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (reaction("a"), (422, "invalid")),
        (reaction("👍👍"), (422, "invalid")),
        (reaction("👍", 9), (404, "not_found")),
        (reaction("👍", 10**30), (404, "not_found")),
        (reaction("👍").replace("general", "nowhere"), (404, "not_found")),
        (f"{MESSAGES}/9/pin", (404, "not_found")),
        (f"{MESSAGES}/{10**30}/pin", (404, "not_found")),
    ],
)
async def test_what_cannot_be_is_refused(ada_script: Script, path: str, expected: tuple[int, str]) -> None:
    for method in ("PUT", "DELETE"):
        assert problem(await ada_script.calls(method, path)) == expected


async def test_pins_are_listed_the_last_first(ada_script: Script) -> None:
    assert (await ada_script.gets(PINS))["messages"] == []
    for index in (2, 1):
        pinned = await ada_script.calls("PUT", f"{MESSAGES}/{index}/pin")
        assert (pinned.status, json.loads(pinned.text)["pinned"]) == (200, True)
    assert set(indexes(await ada_script.gets(PINS))) == {1, 2}
    assert (await ada_script.calls("DELETE", f"{MESSAGES}/2/pin")).status == 204
    assert indexes(await ada_script.gets(f"{PINS}?html=true")) == [1]
