"""Rows 22 to 27: what stands in paths and queries."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import pytest

from tests.bad_inputs.rows import JSON, UPGRADE, Row, as_json, gets_its_answer, named
from tests.bad_inputs.scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

API: Final = "/api/v1/rooms"
MESSAGES: Final = f"{API}/general/messages"
CHANGES: Final = f"{API}/general/changes"
AS_JSON: Final = (f"Content-Type: {JSON}",)

ROOMS: Final = {
    "a path upward": "..%2f..%2fetc",
    "a path upward, in Windows": "..%5c..%5cetc",
    "two dots": "%2e%2e",
    "5 kB": "x" * 5000,
    "a space": "%20",
    "an emoji": quote("🦊"),
    "right to left": quote("\u202egeneral"),
    "another script": quote("общий"),
    "another case": "General",
    "full-width letters": quote("ｇｅｎｅｒａｌ"),
    "SQL": quote("general' OR '1'='1"),
    "a wildcard": "gener%25l",
    "a template": quote("{{7*7}}"),
    "a line break": "general%0d%0aX-Evil:%20x",
    "a slash at the end": "general%2f",
    "a NUL look-alike": quote("general␀"),
    "a room not hers": "vault",
    "a direct room not hers": "dm-1-3",
}
NO_ROOM: Final = [
    Row("23-24", words, line.format(room), 404, who=who, headers=headers, body=body)
    for words, room in ROOMS.items()
    for line, who, headers, body in (
        ("GET /rooms/{}", "page", (), b""),
        ("GET /rooms/{}/settings", "page", (), b""),
        ("GET /rooms/{}/1", "page", (), b""),
        (f"GET {API}/{{}}", "token", (), b""),
        (f"GET {API}/{{}}/messages", "token", (), b""),
        (f"GET {API}/{{}}/members", "token", (), b""),
        (f"GET {API}/{{}}/changes?after=0&wait=20", "token", (), b""),
        (f"POST {API}/{{}}/messages", "token", AS_JSON, as_json({"content": "xyzzy"})),
        (f"PATCH {API}/{{}}", "token", AS_JSON, as_json({"name": "xyzzy"})),
        (f"PUT {API}/{{}}/members/grace", "token", (), b""),
        (f"DELETE {API}/{{}}/members/ada", "token", (), b""),
        (f"PUT {API}/{{}}/level", "token", AS_JSON, as_json({"level": "nothing"})),
        (f"PUT {API}/{{}}/unread", "token", AS_JSON, as_json({"index": 1})),
        (f"DELETE {API}/{{}}/read", "token", (), b""),
        (f"PUT {API}/{{}}/read", "token", AS_JSON, as_json({"index": 1})),
        ("GET /rooms/{}/ws", "token", UPGRADE, b""),
    )
]
NOBODY: Final = [
    Row("23", words, f"{method} {API}/general/members/{name}", 404)
    for words, name in {
        "an unknown name": "nobody",
        "a disabled one": "left",
        "an emoji": quote("🦊"),
        "a Kelvin sign": quote("\u212a"),
        "5 kB": "x" * 5000,
        "a path upward": "..%2fgrace",
        "SQL": quote("grace' --"),
    }.items()
    for method in ("PUT", "DELETE")
]
NUMBERS: Final = {
    "letters": "abc",
    "nothing": "",
    "an exponent": "1e3",
    "a sign": "%2B5",
    "a plus, which is a space": "+5",
    "negative": "-1",
    "a fraction": "1.5",
    "hexadecimal": "0x10",
    "digits of another script": quote("٣"),
    "a superscript": quote("²"),
    "a space": "%205",
    "an underscore": "1_000",
    "30 digits": "9" * 30,
    "5,000 digits": "9" * 5000,
    "NUL": "1%00",
    "no UTF-8": "%ff",
    "NaN": "NaN",
    "a list": "1,2",
    "10**9": "1000000000",
}
QUERIES: Final = [
    Row("25-27", f"{name} is {words}", f"GET {path}{name}={value}", 400, "bad_request", field=name)
    for words, value in NUMBERS.items()
    for path, name in (
        (f"{MESSAGES}?", "limit"),
        (f"{MESSAGES}?", "before"),
        (f"{MESSAGES}?", "after"),
        (f"{MESSAGES}?", "around"),
        (f"{CHANGES}?", "after"),
        (f"{CHANGES}?after=0&", "wait"),
    )
    if words != "10**9" or name in {"limit", "wait"}
]
PAIRS: Final = [
    Row("26", "a limit of none", f"GET {MESSAGES}?limit=0", 400, "bad_request", field="limit"),
    Row("26", "before and after", f"GET {MESSAGES}?before=1&after=1", 400, "bad_request", field="after"),
    Row("26", "after and around", f"GET {MESSAGES}?around=1&after=1", 400, "bad_request", field="around"),
    Row("26", "a limit twice", f"GET {MESSAGES}?limit=1&limit=1", 400, "bad_request", field="limit"),
    Row("26", "no after", f"GET {CHANGES}", 400, "bad_request", field="after"),
    Row("26", "waiting too long", f"GET {CHANGES}?after=9&wait=31", 400, "bad_request", field="wait"),
    Row("26", "html is perhaps", f"GET {MESSAGES}?html=perhaps", 400, "bad_request", field="html"),
    Row("26", "html on one message", f"GET {MESSAGES}/1?html=1", 400, "bad_request", field="html"),
    Row("26", "leading zeros are a number", f"GET {MESSAGES}?limit=007", 200),
    Row("26", "far beyond the top", f"GET {MESSAGES}?after=9007199254740992", 200),
    Row("57", "after beyond the top", f"GET {CHANGES}?after=9007199254740992", 200),
    Row("57", "another epoch", f"GET {CHANGES}?after=0&epoch=nonsense", 200),
    Row("57", "an epoch of 5 kB", f"GET {CHANGES}?after=0&epoch={'x' * 5000}", 200),
    Row("57", "an epoch that is no text", f"GET {CHANGES}?after=0&epoch=%ed%a0%80%00", 200),
    Row("48", "1,000 unknown parameters", f"GET {MESSAGES}?" + "&".join(f"a{n}=b" for n in range(1000)), 200),
    Row("48", "10,000 unknown parameters", f"GET {MESSAGES}?" + "&".join("abc" for _ in range(10_000)), (400, 414)),
    Row("6", "a token in the query of REST", "GET /api/v1/me?token=x", 401, "unauthenticated", who="nobody"),
]
INDEXES: Final = [
    Row("25", f"index is {words}", f"{method} {path}/{value}", (400, 404, 405), who=who, headers=headers, body=body)
    for words, value in {**NUMBERS, "zero": "0", "none yet": "99", "deleted": "2", "2**63": str(2**63)}.items()
    if value
    for method, path, who, headers, body in (
        ("GET", MESSAGES, "token", (), b""),
        ("PATCH", MESSAGES, "token", AS_JSON, as_json({"content": "xyzzy"})),
        ("DELETE", MESSAGES, "token", (), b""),
        ("GET", "/rooms/general", "page", (), b""),
        ("DELETE", "/api/v1/tokens", "token", (), b""),
    )
    # A tombstone can be read, and is no token.
    if words != "deleted" or (path, method) not in {(MESSAGES, "GET"), ("/api/v1/tokens", "DELETE")}
]
NEXT: Final = [
    Row("35", f"next is {target}", f"GET /login?next={quote(target, safe='')}", 303, who="cookie", says="Location: /")
    for target in (
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "javascript:alert(1)",
        "https://evil.example",
        "http:evil.example",
        "/%2fevil.example",
        "/%5cevil.example",
        "/..//evil.example",
        "/rooms/../..//evil.example",
        "/\tevil.example",
        "\t//evil.example",
        "/rooms\r\nSet-Cookie: a=b",
        "evil.example",
        "",
        "/a" * 1100,
        "/login?next=/login",
        "data:text/html,x",
        "//\u2024evil.example",
    )
]


@pytest.mark.parametrize("row", named([*NO_ROOM, *NOBODY, *QUERIES, *PAIRS, *INDEXES]))
async def test_what_stands_in_an_address_gets_its_answer(
    scene: Scene, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    await gets_its_answer(scene, row, caplog)


@pytest.mark.parametrize("row", named(NEXT))
async def test_nobody_is_sent_elsewhere(scene: Scene, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    reply = await gets_its_answer(scene, row, caplog)
    target = reply.headers["location"]
    assert target == "/" or row.line.endswith(quote(target, safe="")), target
    assert not target.startswith(("//", "/\\"))
    assert "evil" not in target
