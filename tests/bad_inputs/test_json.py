"""Rows 28 to 31 and 39 to 54 at the door of REST: bodies that are no JSON, and fields of every wrong type."""

from __future__ import annotations

import gzip
import importlib
import pkgutil
import zlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest

from chatapp.web import api
from tests.bad_inputs.rows import JSON, Row, as_json, fields, gets_its_answer, named
from tests.bad_inputs.scene import MARK, Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

AS_JSON: Final = (f"Content-Type: {JSON}",)
ROOM: Final = "/api/v1/rooms/general"
# A body that would be taken, by the struct that reads it.
GOOD: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "Credentials": ("POST /api/v1/tokens", {"username": "ada", "password": "not hers: " + MARK}),
    "NewRoom": ("POST /api/v1/rooms", {"name": MARK, "slug": "x", "topic": "x", "kind": "open"}),
    "RoomPatch": (f"PATCH {ROOM}", {"name": MARK, "topic": "x"}),
    "NewMessage": (
        f"POST {ROOM}/messages",
        {"content": MARK, "client_id": "x", "reply_to": 1, "attachments": []},
    ),
    "NewContent": (f"PATCH {ROOM}/messages/1", {"content": MARK, "descriptions": []}),
    "NewLevel": (f"PUT {ROOM}/level", {"level": "all"}),
    "ReadTo": (f"PUT {ROOM}/read", {"index": 1, "turn": 0}),
    "UnreadFrom": (f"PUT {ROOM}/unread", {"index": 1}),
    "UserPatch": ("PATCH /api/v1/users/grace", {"is_disabled": False, "is_admin": False}),
}
NOT_JSON: Final = {
    "nothing": b"",
    "a brace": b"{",
    "a list": b'[{"content": "x"}]',
    "null": b"null",
    "a number": b"5",
    "a text": b'"text"',
    "two objects": b"{}{}",
    "single quotes": b"{'content': 'x'}",
    "a comment": b"{} // x",
    "a trailing comma": b'{"content": "x",}',
    "20,000 lists": b"[" * 20_000,
    "20,000 lists, closed": b'{"x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "20,000 objects": b'{"x":' * 20_000,
    "an integer of 5,000 digits": b'{"x": ' + b"9" * 5000 + b"}",
    "the same key twice": b'{"content": "a", "content": "b"}',
    "the same key twice, escaped": b'{"content": "a", "conten\\u0074": "b"}',
    "the same key twice, deep down": b'{"x": [{"a": 1, "a": 2}]}',
    "NaN": b'{"x": NaN}',
    "minus Infinity": b'{"x": -Infinity}',
    "no UTF-8": b'{"content": "\xff"}',
    "an overlong slash": b'{"content": "\xc0\xaf"}',
    "a raw surrogate": b'{"content": "\xed\xa0\x80"}',
    "UTF-16": '{"content": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"content": "x"}',
    "a raw control character": b'{"content": "a\x01"}',
    "a form": fields(content="x"),
}
WRONG_TYPES: Final[dict[str, Any]] = {
    "an object": {"$gt": ""},
    "an operator": {"$regex": ".*"},
    "an empty object": {},
    "a list": ["x"],
    "an empty list": [],
    "null": None,
    "true": True,
    "false": False,
    "a number": 7,
    "a fraction": 1.5,
    "a text": "1",
    "an empty text": "",
    "2**70": 2**70,
    "2**53+1": 2**53 + 1,
    "negative": -1,
}
BAD_TEXTS: Final[dict[str, Any]] = {
    "a lone surrogate": "a\ud800",
    "a lone low surrogate": "\udc00b",
    "NUL": "a\0b",
}


def structs() -> dict[str, type[msgspec.Struct]]:
    """Every struct with which REST reads a body: those that live in web/api."""
    modules = [importlib.import_module(f"{api.__name__}.{each.name}") for each in pkgutil.iter_modules(api.__path__)]
    return {
        name: thing
        for module in modules
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, msgspec.Struct) and thing.__module__ == module.__name__
    }


def takes(annotation: Any, value: Any) -> bool:
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError:
        return False
    return True


def wrong_types() -> Iterator[Row]:
    for name, struct in structs().items():
        line, good = GOOD[name]
        for spec in msgspec.structs.fields(struct):
            for words, value in WRONG_TYPES.items():
                if takes(spec.type, value) or (value is None and not spec.required):
                    continue
                body = as_json({**good, spec.name: value})
                about = f"{spec.name} is {words}"
                # Of a list, the entry is told that is wrong.
                field = f"{spec.name}[0]" if isinstance(good[spec.name], list) and words == "a list" else spec.name
                yield Row("29", about, line, 400, "bad_request", headers=AS_JSON, body=body, field=field)
            if spec.required:
                body = as_json({key: value for key, value in good.items() if key != spec.name})
                about = f"{spec.name} is missing"
                yield Row("46", about, line, 400, "bad_request", headers=AS_JSON, body=body, field=spec.name)


def bad_texts() -> Iterator[Row]:
    for name, struct in structs().items():
        line, good = GOOD[name]
        for spec in msgspec.structs.fields(struct):
            for words, value in BAD_TEXTS.items():
                if isinstance(good[spec.name], str):
                    status = (401, 422) if name == "Credentials" else (400, 422)
                    body = as_json({**good, spec.name: value})
                    yield Row("44-45", f"{spec.name} has {words}", line, status, headers=AS_JSON, body=body)
            body = as_json({**good, "unknown \ud800": 1})
            yield Row("44", "a lone surrogate in a key", line, 422, "invalid", headers=AS_JSON, body=body)


def unknown_fields() -> Iterator[Row]:
    """To change what there is not is no change; elsewhere such a field is ignored."""
    for line, good in GOOD.values():
        if line.startswith("PATCH"):
            body = as_json({**good, "colour": "red"})
            yield Row("46", "an unknown field", line, 400, "bad_request", headers=AS_JSON, body=body, field="colour")


def not_json() -> Iterator[Row]:
    for line, _ in GOOD.values():
        for words, body in NOT_JSON.items():
            # Without a body, a browser's session is asked for instead: a token for a token.
            if body or "tokens" not in line:
                yield Row("29", words, line, 400, "bad_json", headers=AS_JSON, body=body)


TYPES: Final = [
    Row("28", f"sent as {kind!r}", line, 415, "bad_request", headers=(f"Content-Type: {kind}",), body=as_json(good))
    for line, good in GOOD.values()
    for kind in ("application/xml", "multipart/form-data; boundary=x", "image/png", "application/jsonp", "x", "a/b/c")
]
CONTENT: Final = [
    Row("50-51", f"content is {words}", line, status, code, headers=AS_JSON, body=as_json({"content": content}))
    for words, content, status, code in (
        ("empty", "", 422, "invalid"),
        ("blank", " \t\n\u3000", 422, "invalid"),
        ("of no width", "\u200b\u200d\ufeff", 422, "invalid"),
        ("8,001 characters", "x" * 8001, 413, "too_large"),
        ("8,001 foxes", "🦊" * 8001, 413, "too_large"),
        ("one letter with 8,000 marks", "e" + "\u0301" * 8000, 413, "too_large"),
    )
    for line in (f"POST {ROOM}/messages", f"PATCH {ROOM}/messages/1")
]
MESSAGES: Final = [
    Row("52-54", words, f"POST {ROOM}/messages", status, code, headers=AS_JSON, body=as_json({"content": MARK, **more}))
    for words, status, code, more in (
        ("client_id of 65", 400, "bad_request", {"client_id": "x" * 65}),
        ("client_id of 10 kB", 400, "bad_request", {"client_id": "x" * 10_000}),
        ("reply to nothing yet", 404, "not_found", {"reply_to": 99}),
    )
]
HEADERS: Final = [
    Row("54", words, f"POST {ROOM}/messages", status, headers=(*AS_JSON, header), body=as_json(body))
    for words, status, header, body in (
        ("two keys", 400, "Idempotency-Key: a", {"content": MARK, "client_id": "b"}),
        ("a key of 65", 400, f"Idempotency-Key: {'x' * 65}", {"content": MARK}),
        ("a key of raw bytes", 422, "Idempotency-Key: \xff", {"content": MARK}),
        ("a method to override with", 400, "X-HTTP-Method-Override: DELETE", {}),
        ("an expectation nobody knows", 417, "Expect: a-miracle", {"content": MARK}),
    )
]
BOMB: Final = gzip.compress(b"\0" * 20_000_000, 9)
SIZES: Final = [
    Row("30", "a body of 1 MiB and one", line, 413, "too_large", headers=AS_JSON, body=b'{"x":"' + b"x" * 2**20)
    for line, _ in GOOD.values()
] + [
    Row("30", words, f"POST {ROOM}/messages", 415, headers=(*AS_JSON, encoding), body=body)
    for words, encoding, body in (
        ("20 MB in 20 kB of gzip", "Content-Encoding: gzip", BOMB),
        ("20 MB in 20 kB of deflate", "Content-Encoding: deflate", zlib.compress(b"\0" * 20_000_000, 9)),
        ("gzip that is none", "Content-Encoding: gzip", b'{"content": "xyzzy"}'),
        ("an encoding nobody knows", "Content-Encoding: x", b'{"content": "xyzzy"}'),
        ("gzip cut off", "Content-Encoding: gzip", gzip.compress(b'{"content": "xyzzy"}')[:-9]),
    )
]


@pytest.mark.parametrize(
    "row", named([*not_json(), *wrong_types(), *bad_texts(), *unknown_fields(), *TYPES, *CONTENT, *MESSAGES])
)
async def test_a_bad_body_gets_its_answer(scene: Scene, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    await gets_its_answer(scene, row, caplog)


@pytest.mark.parametrize("row", named([*HEADERS, *SIZES]))
async def test_a_bad_request_gets_its_answer(scene: Scene, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    await gets_its_answer(scene, row, caplog)


async def test_every_body_that_rest_reads_is_in_the_table() -> None:
    assert set(structs()) - {"MemberOut", "RoomOut", "Me", "TokenOut"} == set(GOOD)
    for name, struct in structs().items():
        assert set(GOOD[name][1]) == {spec.name for spec in msgspec.structs.fields(struct)}
