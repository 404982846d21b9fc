"""REST as scripts use it: bodies, pages of history, keys against doing twice, and every refusal."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chatapp import __version__
from chatapp.domain.chat import Chat
from tests.support.cast import PASSWORD, Actor, Given
from tests.support.time import SettableClock
from tests.web.browser import Browser, Page

MESSAGES = "/api/v1/rooms/general/messages"
CHANGES = "/api/v1/rooms/general/changes"


class Script:
    """A program with a token."""

    def __init__(self, browser: Browser, actor: Actor) -> None:
        self._browser = browser
        self._bearer = actor.bearer

    async def calls(self, method: str, path: str, body: Any = None, **headers: str) -> Page:
        known = {"Accept": "*/*", **self._bearer, **headers}
        more = {} if body is None else {"data": body if isinstance(body, bytes) else json.dumps(body).encode()}
        if body is not None:
            known.setdefault("Content-Type", "application/json")
        return await self._browser.sends(method, path, headers=known, **more)

    async def gets(self, path: str) -> Any:
        page = await self.calls("GET", path)
        assert page.status == 200, page.text
        return json.loads(page.text)


@pytest.fixture
def ada_script(stranger: Browser, ada: Actor) -> Script:
    return Script(stranger, ada)


@pytest.fixture
def grace_script(stranger: Browser, ada: Actor, grace: Actor) -> Script:
    return Script(stranger, grace)


def problem(page: Page) -> tuple[int, str]:
    return page.status, json.loads(page.text)["code"]


def indexes(data: Any) -> list[int]:
    return [message["index"] for message in data["messages"]]


async def test_anybody_may_ask_what_this_is(stranger: Browser) -> None:
    answer = json.loads((await stranger.opens("/api/v1/server")).text)
    assert answer == {
        "name": "chatapp",
        "version": __version__,
        "protocol": 1,
        "limits": {"content": 8000, "frame": 65536},
    }


async def test_one_may_ask_who_one_is(ada_script: Script) -> None:
    me = await ada_script.gets("/api/v1/me")
    assert (me["username"], me["display_name"], me["is_admin"]) == ("ada", "Ada Okafor", True)
    assert "password" not in str(me)


async def test_a_name_and_a_password_give_a_token(stranger: Browser, ada: Actor, chat: Chat) -> None:
    body = {"username": "ada", "password": PASSWORD}
    made = await stranger.sends("POST", "/api/v1/tokens", json=body)
    assert made.status == 201
    token = json.loads(made.text)
    assert made.location == f"/api/v1/tokens/{token['id']}"
    assert made.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in made.headers
    bearer = {"Authorization": f"Bearer {token['token']}"}
    assert (await stranger.opens("/api/v1/me", **bearer)).status == 200
    assert await chat.sign_in.sessions(ada.person) == []
    assert (await stranger.sends("DELETE", made.location, headers=bearer)).status == 204
    assert (await stranger.opens("/api/v1/me", **bearer)).status == 401


async def test_a_session_gives_a_token(adas: Browser) -> None:
    made = await adas.sends("POST", "/api/v1/tokens", headers={"Origin": adas.origin})
    assert made.status == 201
    assert json.loads(made.text)["kind"] == "jwt"


async def test_a_wrong_password_gives_none(stranger: Browser, ada: Actor) -> None:
    texts = set()
    for body in ({"username": "ada", "password": "wrong"}, {"username": "nobody", "password": "wrong"}):
        answer = await stranger.sends("POST", "/api/v1/tokens", json=body)
        assert problem(answer) == (401, "unauthenticated")
        texts.add(json.loads(answer.text)["detail"])
    assert len(texts) == 1
    assert problem(await stranger.sends("POST", "/api/v1/tokens")) == (401, "unauthenticated")


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
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=x",
    "limit=",
    "limit=1.5",
    "limit=1e1",
    "limit=+5",
    "limit=%D9%A3",
]
WRONG_NUMBERS += [
    "after=abc",
    "before=1e3",
    f"after={'9' * 30}",
    "around=-1",
    "html=1",
    "limit=5&limit=6",
    "before=1&after=2",
]


@pytest.mark.parametrize("query", WRONG_NUMBERS)
async def test_a_wrong_query_is_told(ada_script: Script, query: str) -> None:
    answer = await ada_script.calls("GET", f"{MESSAGES}?{query}")
    assert problem(answer) == (400, "bad_request")
    (error,) = json.loads(answer.text)["errors"]
    assert error["field"] in {"limit", "after", "before", "around", "html"}


async def test_unknown_keys_are_ignored(ada_script: Script) -> None:
    assert (await ada_script.calls("GET", f"{MESSAGES}?colour=red&colour=blue")).status == 200
    assert (await ada_script.calls("POST", MESSAGES, {"content": "x", "colour": "red"})).status == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"[]", 400, "bad_json"),
        (b"null", 400, "bad_json"),
        (b'"text"', 400, "bad_json"),
        (b"[" * 20_000, 400, "bad_json"),
        (b'{"content": ' + b"[" * 20_000, 400, "bad_json"),
        (b'{"content": "a", "content": "b"}', 400, "bad_json"),
        (b'{"content": NaN}', 400, "bad_json"),
        (b'{"content": "a", "x": Infinity}', 400, "bad_json"),
        (b'{"content": "a", "x": ' + b"9" * 5000 + b"}", 400, "bad_json"),
        (b'{"content": "\xff"}', 400, "bad_json"),
        (b"{}", 400, "bad_request"),
        (b'{"content": 5}', 400, "bad_request"),
        (b'{"content": null}', 400, "bad_request"),
        (b'{"content": ["a"]}', 400, "bad_request"),
        (b'{"content": "a", "reply_to": 0}', 400, "bad_request"),
        (b'{"content": "a", "reply_to": "1"}', 400, "bad_request"),
        (b'{"content": "a", "reply_to": 99999999999999999999}', 400, "bad_request"),
        (b'{"content": "a", "client_id": {}}', 400, "bad_request"),
        (b'{"content": ""}', 422, "invalid"),
        (b'{"content": "   "}', 422, "invalid"),
        (b'{"content": "\\ud800"}', 422, "invalid"),
        (b'{"content": "a\\u0000b"}', 422, "invalid"),
        (b'{"content": "' + b"x" * 8001 + b'"}', 413, "too_large"),
    ],
    ids=range(25),
)
async def test_a_wrong_body_is_told_and_stores_nothing(ada_script: Script, body: bytes, status: int, code: str) -> None:
    answer = await ada_script.calls("POST", MESSAGES, body)
    assert problem(answer) == (status, code)
    assert "Traceback" not in answer.text
    if code == "bad_request":
        assert json.loads(answer.text)["errors"][0]["field"] in {"content", "reply_to", "client_id"}
    assert (await ada_script.gets(MESSAGES))["messages"] == []


@pytest.mark.parametrize("kind", ["application/xml", "multipart/form-data; boundary=x", "image/png"])
async def test_another_type_is_not_taken(ada_script: Script, kind: str) -> None:
    answer = await ada_script.calls("POST", MESSAGES, b"<x/>", **{"Content-Type": kind})
    assert problem(answer) == (415, "bad_request")
    assert problem(await ada_script.calls("POST", "/api/v1/rooms", b"{}", **{"Content-Type": "text/plain"}))[0] == 415


async def test_broken_text_is_told(ada_script: Script) -> None:
    answer = await ada_script.calls("POST", MESSAGES, b"\xff\xfe", **{"Content-Type": "text/plain"})
    assert problem(answer) == (400, "bad_request")


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


async def test_changes_come_by_version(ada_script: Script, ada: Actor, chat: Chat) -> None:
    await ada.says("one")
    await ada.says("two")
    await chat.messages.edit(ada.person, "general", 1, "changed")
    data = await ada_script.gets(f"{CHANGES}?after=1")
    assert [(m["index"], m["version"]) for m in data["messages"]] == [(2, 2), (1, 3)]
    assert (data["version"], data["epoch"], data["complete"]) == (3, chat.epoch, True)
    assert (await ada_script.gets(f"{CHANGES}?after=3"))["messages"] == []
    assert not (await ada_script.gets(f"{CHANGES}?after=99"))["complete"]
    assert not (await ada_script.gets(f"{CHANGES}?after=1&epoch=another"))["complete"]
    for query in ("", "?after=x", "?after=1&wait=31", "?after=1&wait=-1", "?after=1&after=2"):
        assert problem(await ada_script.calls("GET", CHANGES + query)) == (400, "bad_request")


async def test_a_change_can_be_waited_for(ada_script: Script, grace: Actor) -> None:
    waiting = asyncio.create_task(ada_script.gets(f"{CHANGES}?after=0&wait=20"))
    async with asyncio.timeout(5):
        while not grace.chat.hub._rooms:
            await asyncio.sleep(0.005)
        await grace.says("now")
        assert indexes(await waiting) == [1]


async def test_waiting_ends_with_the_session(ada_script: Script, ada: Actor, grace: Actor, chat: Chat) -> None:
    waiting = asyncio.create_task(ada_script.calls("GET", f"{CHANGES}?after=0&wait=20"))
    async with asyncio.timeout(5):
        while not chat.hub._rooms:
            await asyncio.sleep(0.005)
        for token in await chat.sign_in.tokens(ada.person):
            await chat.sign_in.revoke_token(ada.person, token.id)
        await grace.says("secret")
        assert problem(await waiting) == (401, "unauthenticated")


async def test_rooms_are_made_listed_and_renamed(ada_script: Script, grace_script: Script) -> None:
    made = await ada_script.calls("POST", "/api/v1/rooms", {"name": "Ops", "kind": "open"})
    assert (made.status, made.location) == (201, "/api/v1/rooms/ops")
    assert json.loads(made.text)["role"] == "owner"
    listed = {room["slug"]: room for room in (await grace_script.gets("/api/v1/rooms"))["rooms"]}
    assert (listed["general"]["is_member"], listed["ops"]["is_member"]) == (True, False)
    changed = json.loads((await ada_script.calls("PATCH", "/api/v1/rooms/ops", {"topic": "deploys"})).text)
    assert (changed["name"], changed["topic"]) == ("Ops", "deploys")
    assert problem(await grace_script.calls("PATCH", "/api/v1/rooms/ops", {"name": "x"}))[0] in {403, 404}
    for body in ({}, {"name": 5}, {"name": "x", "kind": "direct"}):
        assert problem(await ada_script.calls("POST", "/api/v1/rooms", body)) == (400, "bad_request")
    assert problem(await ada_script.calls("POST", "/api/v1/rooms", {"name": "Ops"})) == (409, "conflict")


async def test_members_come_and_go(ada_script: Script, grace_script: Script) -> None:
    await ada_script.calls("POST", "/api/v1/rooms", {"name": "Ops", "kind": "closed"})
    members = "/api/v1/rooms/ops/members"
    assert problem(await grace_script.calls("PUT", f"{members}/grace")) == (404, "not_found")
    assert (await ada_script.calls("PUT", f"{members}/grace")).status == 204
    listed = (await ada_script.gets(members))["members"]
    assert {member["username"]: member["role"] for member in listed} == {"ada": "owner", "grace": "member"}
    assert problem(await grace_script.calls("DELETE", f"{members}/ada")) == (403, "forbidden")
    assert (await grace_script.calls("DELETE", f"{members}/grace")).status == 204
    assert problem(await grace_script.calls("GET", members)) == (404, "not_found")
    assert problem(await ada_script.calls("PUT", f"{members}/nobody")) == (404, "not_found")


async def test_reading_is_said_and_never_undone(ada_script: Script, grace: Actor) -> None:
    await grace.says("one")
    await grace.says("two")
    read = "/api/v1/rooms/general/read"
    assert json.loads((await ada_script.calls("PUT", read, {"index": 1})).text) == {"unread": 1}
    assert json.loads((await ada_script.calls("PUT", read, {"index": 0})).text) == {"unread": 1}
    for index in (-1, "1", None, True, 2**70):
        assert problem(await ada_script.calls("PUT", read, {"index": index})) == (400, "bad_request")


async def test_asking_by_rest_reads_nothing(ada_script: Script, grace: Actor) -> None:
    await grace.says("one")
    await ada_script.gets(MESSAGES)
    await ada_script.gets(f"{CHANGES}?after=0")
    (general,) = (await ada_script.gets("/api/v1/rooms"))["rooms"]
    assert general["unread"] == 1


async def test_a_room_of_others_is_not_there(grace_script: Script, given: Given, ada: Actor) -> None:
    await given.room("Leads", owner=ada)
    await ada.says("secret", in_="leads")
    calls: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("GET", "/members", None),
        ("PUT", "/members/grace", None),
        ("DELETE", "/members/grace", None),
        ("GET", "/messages", None),
        ("POST", "/messages", {"content": "x"}),
        ("GET", "/messages/1", None),
        ("PATCH", "/messages/1", {"content": "x"}),
        ("DELETE", "/messages/1", None),
        ("GET", "/changes?after=0", None),
        ("PUT", "/read", {"index": 1}),
    ]
    for method, path, body in calls:
        answers = []
        for slug in ("leads", "nowhere"):
            answer = await grace_script.calls(method, f"/api/v1/rooms/{slug}{path}", body)
            assert answer.status == 404, (method, path)
            answers.append({**json.loads(answer.text), "request_id": ""})
        assert answers[0] == answers[1]


async def test_too_many_messages_have_to_wait(ada_script: Script) -> None:
    for _ in range(20):
        assert (await ada_script.calls("POST", MESSAGES, {"content": "x"})).status == 201
    answer = await ada_script.calls("POST", MESSAGES, {"content": "x"})
    assert problem(answer) == (429, "rate_limited")
    assert int(answer.headers["Retry-After"]) > 0


async def test_answers_are_kept_by_no_cache(ada_script: Script) -> None:
    for path in ("/api/v1/me", "/api/v1/rooms", MESSAGES, "/api/v1/nowhere"):
        assert (await ada_script.calls("GET", path)).headers["Cache-Control"] == "no-store"
