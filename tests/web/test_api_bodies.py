"""Bodies as programs send them; each slip has its own answer, and nothing is stored."""

from __future__ import annotations

import json

import pytest

from tests.support.cast import Actor
from tests.web.script import MESSAGES, Script, problem


async def test_what_is_null_counts_as_left_out(ada_script: Script) -> None:
    nulls = dict.fromkeys(["client_id", "reply_to", "attachments"])
    assert (await ada_script.calls("POST", MESSAGES, {"content": "hello", **nulls})).status == 201
    file = json.loads((await ada_script.calls("POST", "/api/v1/files?room=general&name=a.txt", b"hello")).text)
    attached = {"content": "", "attachments": [{"id": file["id"], "alt": None}]}
    assert (await ada_script.calls("POST", MESSAGES, attached)).status == 201
    made = await ada_script.calls("POST", "/api/v1/rooms", {"name": "Pens", **dict.fromkeys(["slug", "topic", "kind"])})
    assert (made.status, json.loads(made.text)["slug"]) == (201, "pens")
    edited = await ada_script.calls("PATCH", f"{MESSAGES}/1", {"content": "bye", "descriptions": None})
    assert edited.status == 200
    refused = await ada_script.calls("POST", MESSAGES, {"content": None})
    assert json.loads(refused.text)["errors"] == [{"field": "content", "detail": "This field is required."}]


async def test_unknown_keys_are_ignored(ada_script: Script) -> None:
    assert (await ada_script.calls("GET", f"{MESSAGES}?colour=red&colour=blue")).status == 200
    assert (await ada_script.calls("POST", MESSAGES, {"content": "x", "colour": "red"})).status == 201


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/api/v1/users/grace", {"is_admin": True}),
        ("/api/v1/rooms/general", {"topic": "x"}),
        (f"{MESSAGES}/1", {"content": "x"}),
    ],
)
async def test_a_change_to_what_there_is_not_is_refused(
    ada_script: Script, grace: Actor, path: str, known: dict[str, object]
) -> None:
    """Else what was misspelt would be told as done."""
    await ada_script.calls("POST", MESSAGES, {"content": "as it was"})
    before = await ada_script.gets(path)
    for unknown in ("display_name", "is_Admin", "", "a`b\nc", "x" * 100_000):
        answer = await ada_script.calls("PATCH", path, {**known, unknown: 1})
        assert problem(answer) == (400, "bad_request")
        assert json.loads(answer.text)["errors"] == [{"field": unknown[:64], "detail": "There is no such field."}]
    assert await ada_script.gets(path) == before


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
