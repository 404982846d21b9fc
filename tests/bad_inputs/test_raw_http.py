"""Rows 16 to 22: what is no decent HTTP, on a connection of its own."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from tests.bad_inputs.rows import JSON, Row, gets_its_answer, named
from tests.bad_inputs.scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

API: Final = "/api/v1/rooms/general/messages"
CHUNKED: Final = ("Transfer-Encoding: chunked", f"Content-Type: {JSON}")
POST: Final = f"POST {API}"


def get(number: str, words: str, status: int | tuple[int, ...], *headers: str, line: str = "GET /login") -> Row:
    return Row(number, words, line, status, who="nobody", headers=headers)


def chunked(words: str, status: int | tuple[int, ...], body: bytes, *headers: str) -> Row:
    return Row("19", words, POST, status, headers=(*CHUNKED, *headers), body=body, is_chunked=True)


HEADS: Final = [
    get("16", "two Host headers", 400, "Host: a", "Host: b"),
    get("17", "a header of 20 kB", (400, 431), "X-Long: " + "x" * 20_000),
    get("17", "10,000 headers", (400, 431), *[f"X-{number}: x" for number in range(10_000)]),
    get("17", "a name of 20 kB", (400, 431), "X" * 20_000 + ": x"),
    get("18", "a path of 20 kB", (400, 414), line="GET /" + "x" * 20_000),
    get("18", "a query of 20 kB", (400, 414), line="GET /login?x=" + "x" * 20_000),
    get("19", "length and chunks", 400, "Content-Length: 3", "Transfer-Encoding: chunked", line="POST /login"),
    get("19", "two lengths", 400, "Content-Length: 3", "Content-Length: 4", line="POST /login"),
    get("19", "chunks that are not last", 400, "Transfer-Encoding: chunked, identity", line="POST /login"),
    get("20", "a space before the colon", 400, "X-A : b"),
    get("20", "a folded header", 400, "X-A: b", " c"),
    get("20", "NUL in a value", 400, "X-A: \0"),
    get("20", "a CR in a value", 400, "X-A: b\rc"),
    get("20", "a header without a colon", 400, "X-A"),
    get("20", "an empty name", 400, ": x"),
    get("20", "a length with a sign", 400, "Content-Length: +5", line="POST /login"),
    get("20", "a negative length", 400, "Content-Length: -1", line="POST /login"),
    get("20", "a length in letters", 400, "Content-Length: five", line="POST /login"),
    get("20", "a length of 30 digits", (400, 413), f"Content-Length: {'9' * 30}", line="POST /login"),
    get("20", "no version", 400, line="GET /login HTTP/"),
    get("20", "HTTP/3.7", (400, 505), line="GET /login HTTP/3.7"),
    get("20", "two spaces in the line, which may be forgiven", (200, 400), line="GET  /login HTTP/1.1"),
    get("21", "TRACE", 405, line="TRACE /login"),
    get("21", "CONNECT", (400, 404, 405), line="CONNECT evil.example:443"),
    get("21", "FOO", (400, 405, 501), line="FOO /login"),
    get("21", "a method in lower case", (400, 405, 501), line="get /login"),
    get("21", "a method of 9 kB", 400, line="G" * 9000 + " /login"),
    get("21", "no path", 400, line="GET"),
    get("21", "another server's address", (200, 303, 400, 404), line="GET http://evil.example/login"),
    get("21", "an asterisk", (400, 404, 405), line="OPTIONS *"),
]
CODED: Final = ("Transfer-Encoding: gzip, chunked", f"Content-Type: {JSON}")
CHUNKS: Final = [
    Row(
        "19",
        "a coding within chunks",
        POST,
        400,
        headers=CODED,
        body=b'f\r\n{"content":"x"}\r\n0\r\n\r\n',
        is_chunked=True,
    ),
    chunked("a size in letters", 400, b"zz\r\n{}\r\n0\r\n\r\n"),
    chunked("a negative size", 400, b"-2\r\n{}\r\n0\r\n\r\n"),
    chunked("a size with a sign", 400, b"+2\r\n{}\r\n0\r\n\r\n"),
    chunked("a size in hexadecimal notation", 400, b"0x2\r\n{}\r\n0\r\n\r\n"),
    chunked("a size beyond all bounds", 400, b"F" * 40 + b"\r\n"),
    chunked("more than was said", 400, b"2\r\n{}}}\r\n0\r\n\r\n"),
    chunked("trailers", 400, b"2\r\n{}\r\n0\r\nX-Token: x\r\n\r\n"),
    chunked("a trailer of 100 kB", 400, b"2\r\n{}\r\n0\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
    chunked("an extension of 100 kB", 400, b"2;" + b"x" * 100_000 + b"\r\n{}\r\n0\r\n\r\n"),
    chunked("10,000 pieces of a byte", 400, b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n"),
    chunked("2 MB", 413, (b"FFFF\r\n" + b"x" * 0xFFFF + b"\r\n") * 32 + b"0\r\n\r\n"),
]
PATHS: Final = [
    Row("22", words, f"{method} {door.format(path)}", 400, who=who)
    for words, path in {
        "a broken escape": "%zz",
        "half an escape": "%a",
        "NUL": "a%00b",
        "no UTF-8": "%ff",
        "an overlong slash": "%c0%af",
        "a surrogate": "%ed%a0%80",
        "raw bytes": "\xff\xfe",
    }.items()
    for method, door, who in (
        ("GET", "/{}", "nobody"),
        ("GET", "/rooms/{}", "page"),
        ("POST", "/rooms/{}/messages", "cookie"),
        ("GET", "/api/v1/rooms/{}", "token"),
        ("PUT", "/api/v1/rooms/general/members/{}", "token"),
        ("GET", "/rooms/{}/ws", "token"),
        ("GET", "/join/{}", "nobody"),
        ("GET", "/static/x/{}", "nobody"),
    )
]


@pytest.mark.parametrize("row", named([*HEADS, *CHUNKS, *PATHS]))
async def test_what_is_no_decent_request_gets_its_answer(
    scene: Scene, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    await gets_its_answer(scene, row, caplog)


RAW: Final = {
    "20 bare line feeds": b"GET /login HTTP/1.1\nHost: {host}\n\n",
    "20 no Host": b"GET /login HTTP/1.1\r\n\r\n",
    "20 HTTP/2.0": b"GET /login HTTP/2.0\r\nHost: {host}\r\n\r\n",
    "20 the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "20 nothing but line ends": b"\r\n" * 2000 + b"x\r\n\r\n",
    "20 TLS on a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
    "20 SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "20 NULs": b"\0" * 1000,
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
async def test_what_is_no_http_is_refused(scene: Scene, raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with scene.nothing_happens(caplog):
        reply = await scene.asks(raw.replace(b"{host}", scene.host.encode()))
    assert reply.status in {400, 505}
    assert b"Traceback" not in reply.body
    await scene.nobody_heard()


async def test_many_requests_in_one_breath_get_as_many_answers_in_order(scene: Scene) -> None:
    reader, writer = await asyncio.open_connection(scene.client.host, scene.client.port)
    head = f"Host: {scene.host}\r\n".encode()
    writer.write(b"".join(b"GET /ping?%d HTTP/1.1\r\n%s\r\n" % (n, head) for n in range(500)))
    writer.write(b"GET /api/v1/me HTTP/1.1\r\n%sConnection: close\r\n\r\n" % head)
    async with asyncio.timeout(10):
        answers = await reader.read(-1)
    writer.close()
    assert answers.count(b"HTTP/1.1 200 OK") == 500
    assert answers.count(b"HTTP/1.1 401 ") == 1
    assert answers.rindex(b"HTTP/1.1 401 ") > answers.rindex(b"HTTP/1.1 200 OK")
