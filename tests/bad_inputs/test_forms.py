"""Rows 33 to 38 and 30, 45, 50, 51 at the door of the pages: forms that no page of ours sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

import pytest
from aiohttp import web

from chatapp.web import routes
from tests.bad_inputs.rows import FORM, Row, fields, gets_its_answer, named, request
from tests.bad_inputs.scene import MARK, Scene
from tests.support.cast import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

AS_FORM: Final = (f"Content-Type: {FORM}",)
AS_PARTS: Final = ("Content-Type: multipart/form-data; boundary=cut",)
PLACES: Final = {
    "{slug}": "general",
    "{username}": "grace",
    "{index:[0-9]+}": "1",
    "{id:[0-9]+}": "1",
    "{code}": "x",
    "{token}": "x",
}
# Filled in from the scene.
CSRF: Final = b"{csrf}"


def forms() -> list[str]:
    """The path of every form there is."""
    app = web.Application()
    routes.setup_routes(app)
    found = []
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if route.method == "POST" and not path.startswith("/api/"):
            for name, value in PLACES.items():
                path = path.replace(name.partition(":")[0].removesuffix("}") + "}", value)
            assert "{" not in path
            found.append(path)
    return found


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--cut\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


END: Final = b"--cut--\r\n"
SIGNED: Final = part("csrf", CSRF)
# 600 kB each, of 150,000 characters.
FOXES: Final = "🦊".encode() * 150_000
BODIES: Final[dict[str, tuple[tuple[str, ...], bytes, int | tuple[int, ...]]]] = {
    "34 no token": (AS_FORM, fields(content=MARK), 403),
    "34 an empty token": (AS_FORM, fields(csrf="", content=MARK), 403),
    "34 a made up token": (AS_FORM, fields(csrf="A" * 88, content=MARK), 403),
    "34 the token twice": (AS_FORM, b"csrf={csrf}&csrf={csrf}", 403),
    "34 a token of a megabyte": (AS_FORM, b"csrf=" + b"A" * 1_000_000, 403),
    "34 the token as a file": (AS_PARTS, part("csrf", CSRF, '; filename="x"') + END, 403),
    "34 no body": (AS_FORM, b"", 403),
    "34 text, as another site could send it": (("Content-Type: text/plain",), b"csrf={csrf}", 415),
    "34 JSON": (("Content-Type: application/json",), b'{"csrf": "{csrf}"}', 415),
    "33 no boundary": (("Content-Type: multipart/form-data",), SIGNED + END, 400),
    "33 no last boundary": (AS_PARTS, SIGNED, 400),
    "33 another boundary": (AS_PARTS, SIGNED.replace(b"--cut", b"--put"), (400, 403)),
    "33 a boundary of 1 kB": ((f"Content-Type: multipart/form-data; boundary={'x' * 1000}",), SIGNED + END, 400),
    "33 a part header of 1 MB": (AS_PARTS, SIGNED + part("x", b"", "; x=" + "x" * 900_000) + END, 400),
    "33 a part without a name": (AS_PARTS, SIGNED + b"--cut\r\n\r\nx\r\n" + END, 400),
    "33 parts within parts": (AS_PARTS, SIGNED + part("x", b"y", "\r\nContent-Type: multipart/mixed; boundary=b"), 400),
    "33 no UTF-8": (AS_FORM, b"csrf={csrf}&content=%ff", 400),
    "33 raw bytes": (AS_FORM, b"csrf={csrf}&content=\xff", 400),
    "33 an escaped surrogate": (AS_FORM, b"csrf={csrf}&content=%ed%a0%80", 400),
    "33 1,000 fields": (AS_FORM, b"csrf={csrf}" + b"&a=b" * 1000, 400),
    "30 parts over 1 MiB": (AS_PARTS, SIGNED + part("x", FOXES) + part("y", FOXES) + END, 413),
    "30 over 1 MiB": (AS_FORM, b"csrf={csrf}&content=" + b"x" * 2**20, 413),
}


def bad_forms() -> Iterator[Row]:
    for path in forms():
        for name, (headers, body, status) in BODIES.items():
            number, _, words = name.partition(" ")
            yield Row(number, words, f"POST {path}", status, who="cookie", headers=headers, body=body)


LOGIN: Final = "POST /login"
MESSAGE: Final = "POST /rooms/general/messages"
FILE: Final = part("content", b"x", '; filename="x"')


def form(number: str, words: str, line: str, status: int | tuple[int, ...], **sent: str) -> Row:
    body = urlencode({"csrf": "{csrf}", **sent}, safe="{}").encode()
    return Row(number, words, line, status, who="page", headers=AS_FORM, body=body)


NAMES: Final = {
    "NUL": "a\0b",
    "a turning character": "a\u202eb",
    "nothing to see": "\u200b",
    "65 characters": "x" * 65,
    "nothing": "",
    "a twin in full width": "ａｄａ",
    "a twin in Cyrillic": "аda",
    "a Kelvin sign": "\u212aim",
    "another case of an existing one": "ADA",
    "a line break": "a\nb",
    "a space inside": "a b",
    "one letter": "a",
    "a leading dot": ".ada",
    "markup": "<b>x</b>",
}
FIELDS: Final = [
    form("38", "nothing filled in", LOGIN, 401, username="", password=""),
    Row("38", "no fields", LOGIN, 422, who="page", headers=AS_FORM, body=b"csrf={csrf}"),
    form("36", "a password of 1,000,000 letters", LOGIN, 400, username="ada", password="x" * 1_000_000),
    form("36", "a name of 1,000,000 letters", LOGIN, 401, username="x" * 1_000_000, password=PASSWORD[:-1]),
    form("37", "NUL in the name", LOGIN, 401, username="ada\0", password="x"),
    form("35", "next is elsewhere", LOGIN, 401, username="ada", password="x", next="//evil.example"),
    form("46", "no content", MESSAGE, 422),
    form("50", "content blank", MESSAGE, 422, content=" \n"),
    form("50", "content of no width", MESSAGE, 422, content="\u200b"),
    form("45", "content with NUL", MESSAGE, 422, content="a\0b"),
    form("51", "content of 8,001", MESSAGE, 413, content="x" * 8001),
    form("54", "client_id of 65", MESSAGE, 400, content=MARK, client_id="x" * 65),
    form("54", "client_id with NUL", MESSAGE, 422, content=MARK, client_id="\0"),
    Row("46", "content twice", MESSAGE, 422, who="page", headers=AS_FORM, body=b"csrf={csrf}&content=a&content=b"),
    Row("46", "content a file", MESSAGE, 422, who="page", headers=AS_PARTS, body=SIGNED + FILE + END),
    *[
        form("37", f"a display name with {words}", "POST /settings/profile", 422, display_name=name)
        for words, name in NAMES.items()
        if words in {"NUL", "a turning character", "nothing to see", "65 characters", "nothing", "a line break"}
    ],
    *[
        form("37", f"a person called {words}", "POST /direct", 404, username=name)
        for words, name in NAMES.items()
        if name and words != "another case of an existing one"
    ],
    form("37", "a time zone that is a path", "POST /settings/profile", 422, display_name="x", time_zone="../../etc"),
    form("37", "a presence that is none", "POST /settings/presence", (400, 422), presence="invisible"),
    form("37", "a silence of for ever", "POST /settings/silence", (400, 422), length="ever"),
    form("37", "quiet hours from 25:00", "POST /settings/quiet-hours", 422, begin="25:00", end="07:00"),
    form("37", "quiet hours to ٧:٠٠", "POST /settings/quiet-hours", 422, begin="22:00", end="٠٧:٠٠"),
    form("37", "quiet hours nowhere", "POST /settings/quiet-hours", 422, begin="22:00", end="07:00", time_zone="../x"),
    form("37", "a browser that is not there", "POST /settings/push/remove", 404, digest="\0"),
    form("37", "a test for a browser that is not told", "POST /settings/push/test", 503),
    form("37", "a theme that is none", "POST /settings/theme", (400, 422), theme="<script>"),
    form("37", "a density that is none", "POST /settings/density", (400, 422), density="1px"),
    form("37", "a clock that is none", "POST /settings/clock", (400, 422), hour_cycle="h24"),
    form("37", "a level that is none", "POST /rooms/general/level", (400, 422), level="some"),
    *[
        form("25", f"a read position of {words}", "POST /rooms/general/read", (400, 422), index=value)
        for words, value in {
            "letters": "abc",
            "nothing": "",
            "an exponent": "1e3",
            "a sign": "+5",
            "a negative number": "-1",
            "digits of another script": "٣",
            "a superscript": "²",
            "2**53+1": str(2**53 + 1),
            "30 digits": "9" * 30,
            "5,000 digits": "9" * 5000,
            "a space": " 5",
        }.items()
    ],
]


@pytest.mark.parametrize("row", named([*bad_forms(), *FIELDS]))
async def test_a_bad_form_gets_its_answer(scene: Scene, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    body = row.body.replace(CSRF, scene.csrf.encode())
    await gets_its_answer(scene, row._replace(body=body), caplog)


@pytest.mark.parametrize(
    "more",
    [
        "Content-Type: text/plain; charset=unicode_escape",
        "Content-Type: text/plain; charset=utf-16",
        "Content-Type: text/plain; charset=rot13",
        "Content-Type: text/plain; charset=no-such",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: no-such",
        "Content-Encoding: gzip",
    ],
)
async def test_what_a_part_says_of_its_letters_is_not_believed(scene: Scene, more: str) -> None:
    """Python knows charsets that turn plain letters into what no database stores: a form is UTF-8."""
    body = SIGNED.replace(CSRF, scene.csrf.encode()) + part("content", b"YWI= a\\ud800", f"\r\n{more}") + END
    row = Row("44", more, MESSAGE, 303, who="cookie", headers=AS_PARTS, body=body)
    reply = await scene.asks(request(scene, row))
    assert reply.status == 303
    heard = await scene.ear.hears()
    assert heard["messages"][0]["content"] == "YWI= a\\ud800"
