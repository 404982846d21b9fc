"""Rooms, members and reading marks over REST."""

from __future__ import annotations

import json
from typing import Any

from tests.support.cast import Actor, Given
from tests.support.house import until
from tests.support.rooms import outside_of_general
from tests.web.script import CHANGES, MESSAGES, Script, problem


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
    made = await ada_script.calls("POST", "/api/v1/rooms", {"name": "Ops", "slug": "ops", "kind": "closed"})
    members = f"/api/v1/rooms/{json.loads(made.text)['slug']}/members"
    assert problem(await grace_script.calls("PUT", f"{members}/grace")) == (404, "not_found")
    assert (await ada_script.calls("PUT", f"{members}/grace")).status == 204
    listed = (await ada_script.gets(members))["members"]
    assert {member["username"]: member["role"] for member in listed} == {"ada": "owner", "grace": "member"}
    assert problem(await grace_script.calls("DELETE", f"{members}/ada")) == (403, "forbidden")
    assert (await grace_script.calls("DELETE", f"{members}/grace")).status == 204
    assert problem(await grace_script.calls("GET", members)) == (404, "not_found")
    assert problem(await ada_script.calls("PUT", f"{members}/nobody")) == (404, "not_found")


async def test_a_room_without_a_name_is_called_as_its_address(ada_script: Script) -> None:
    made = await ada_script.calls("POST", "/api/v1/rooms", {"slug": "ops"})
    assert (made.status, json.loads(made.text)["name"]) == (201, "ops")
    for body in ({}, {"slug": ""}, {"name": None, "topic": "x"}):
        refused = await ada_script.calls("POST", "/api/v1/rooms", body)
        assert problem(refused) == (400, "bad_request")
        assert json.loads(refused.text)["errors"] == [{"field": "name", "detail": "This field is required."}]
    assert problem(await ada_script.calls("POST", "/api/v1/rooms", {"slug": "x", "name": ""})) == (422, "invalid")


async def test_names_of_members_are_taken_in_any_case(ada_script: Script, grace_script: Script) -> None:
    await ada_script.calls("POST", "/api/v1/rooms", {"name": "Ops"})
    members = "/api/v1/rooms/ops/members"
    for _ in range(2):
        assert (await grace_script.calls("PUT", f"{members}/GRACE")).status == 204
        assert {member["username"] for member in (await ada_script.gets(members))["members"]} == {"ada", "grace"}
    assert (await ada_script.calls("DELETE", f"{members}/Grace")).status == 204


async def test_members_say_whether_they_are_here(ada_script: Script, given: Given, ada: Actor, grace: Actor) -> None:
    lin = await given.person("lin")
    await given.room("Plaza", owner=ada, kind="open")
    await outside_of_general(ada.chat, lin.person)
    await ada.connects()
    await (await grace.connects()).asks("presence", active=False)
    everywhere = "/api/v1/rooms/general/members"
    await until(lambda: given.chat.presence._board.presence(grace.person.id) == "away")
    listed = (await ada_script.gets(everywhere))["members"]
    assert {member["username"]: member["presence"] for member in listed} == {"ada": "online", "grace": "away"}
    # Open to lin, who is in no room with anybody.
    async with lin.client.get("/api/v1/rooms/plaza/members", headers=lin.bearer) as answer:
        assert [member["presence"] for member in (await answer.json())["members"]] == ["offline"]


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
        ("DELETE", "/read", None),
        ("PUT", "/unread", {"index": 1}),
        ("PUT", "/level", {"level": "all"}),
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
