"""Messages over REST: posted once, read in pages, changed by their author."""

from __future__ import annotations

import json

import pytest

from tests.support.cast import Actor
from tests.support.time import SettableClock
from tests.web.script import MESSAGES, Script, indexes, problem


async def test_a_message_is_posted_and_read(ada_script: Script) -> None:
    made = await ada_script.calls("POST", MESSAGES, {"content": "Hello 世界 🦊"})
    assert (made.status, made.location) == (201, f"{MESSAGES}/1")
    message = json.loads(made.text)
    assert message["content"] == "Hello 世界 🦊"
    assert "世界 🦊" in made.text
    assert {"id", "room", "index", "version", "username", "timestamp"} <= message.keys()
    assert message.keys().isdisjoint({"deleted", "reactions", "edited_at", "html"})
    history = await ada_script.gets(MESSAGES)
    assert history["messages"] == [message]
    assert (history["index"], history["version"], history["complete"]) == (1, 1, True)
    assert await ada_script.gets(f"{MESSAGES}/1") == message


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=utf-8", "application/x-www-form-urlencoded"])
async def test_plain_text_is_a_message(ada_script: Script, kind: str) -> None:
    made = await ada_script.calls("POST", MESSAGES, "deployed é".encode(), **{"Content-Type": kind})
    assert made.status == 201
    assert json.loads(made.text)["content"] == "deployed é"


async def test_html_comes_when_asked_for(ada_script: Script) -> None:
    await ada_script.calls("POST", MESSAGES, {"content": "see https://example.org"})
    (drawn,) = (await ada_script.gets(f"{MESSAGES}?html=true"))["messages"]
    assert "<a " in drawn["html"]
    assert "html" not in (await ada_script.gets(MESSAGES))["messages"][0]


async def test_the_same_key_is_the_same_message(ada_script: Script) -> None:
    first = await ada_script.calls("POST", MESSAGES, {"content": "once"}, **{"Idempotency-Key": "k1"})
    again = await ada_script.calls("POST", MESSAGES, {"content": "once", "client_id": "k1"})
    as_text = {"Idempotency-Key": "k1", "Content-Type": "text/plain"}
    third = await ada_script.calls("POST", MESSAGES, b"once", **as_text)
    assert first.text == again.text == third.text
    other = await ada_script.calls("POST", MESSAGES, {"content": "twice"}, **{"Idempotency-Key": "k1"})
    assert problem(other) == (409, "conflict")
    two = await ada_script.calls("POST", MESSAGES, {"content": "x", "client_id": "k2"}, **{"Idempotency-Key": "k3"})
    assert problem(two) == (400, "bad_request")
    assert len((await ada_script.gets(MESSAGES))["messages"]) == 1


async def test_history_comes_in_pages_that_name_each_other(
    ada_script: Script, ada: Actor, clock: SettableClock
) -> None:
    for number in range(25):
        clock.passes(seconds=1)
        await ada.says(f"text {number}")
    assert indexes(await ada_script.gets(f"{MESSAGES}?limit=10")) == list(range(16, 26))
    assert indexes(await ada_script.gets(f"{MESSAGES}?before=16&limit=10")) == list(range(6, 16))
    assert indexes(await ada_script.gets(f"{MESSAGES}?after=0&limit=10")) == list(range(1, 11))
    around = indexes(await ada_script.gets(f"{MESSAGES}?around=12&limit=10"))
    assert 12 in around[3:-3]
    link = (await ada_script.calls("GET", f"{MESSAGES}?before=16&limit=10")).headers["Link"]
    assert link == f'<{MESSAGES}?before=6&limit=10>; rel="prev", <{MESSAGES}?after=15&limit=10>; rel="next"'
    assert "Link" not in (await ada_script.calls("GET", f"{MESSAGES}?limit=100")).headers


WRONG_NUMBERS = [
    *("limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=1e1", "limit=+5", "limit=%D9%A3"),
    *("after=abc", "before=1e3", f"after={'9' * 30}", "around=-1", "html=1", "limit=5&limit=6", "before=1&after=2"),
]


@pytest.mark.parametrize("query", WRONG_NUMBERS)
async def test_a_wrong_query_is_told(ada_script: Script, query: str) -> None:
    answer = await ada_script.calls("GET", f"{MESSAGES}?{query}")
    assert problem(answer) == (400, "bad_request")
    (error,) = json.loads(answer.text)["errors"]
    assert error["field"] in {"limit", "after", "before", "around", "html"}


async def test_only_ones_own_message_can_be_changed(ada_script: Script, grace_script: Script) -> None:
    await grace_script.calls("POST", MESSAGES, {"content": "hers"})
    assert problem(await ada_script.calls("PATCH", f"{MESSAGES}/1", {"content": "mine"})) == (403, "forbidden")
    edited = json.loads((await grace_script.calls("PATCH", f"{MESSAGES}/1", {"content": "new"})).text)
    assert (edited["content"], edited["version"], "edited_at" in edited) == ("new", 2, True)
    assert (await grace_script.calls("DELETE", f"{MESSAGES}/1")).status == 204
    gone = await grace_script.gets(f"{MESSAGES}/1")
    assert gone["deleted"]
    assert "content" not in gone
    for index in ("2", "0", "9" * 16, "9" * 40, "x"):
        assert problem(await grace_script.calls("GET", f"{MESSAGES}/{index}")) == (404, "not_found")
