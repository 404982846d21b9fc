"""Rows 1 to 15 and 59: who may open a socket, and with which handshake."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import jwt
import pytest

from tests.bad_inputs.rows import UPGRADE, Row, gets_its_answer, named
from tests.bad_inputs.scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOORS: Final = ("/ws", "/rooms/general/ws")
COOKIE: Final = "Cookie: session={}"
BEARER: Final = "Authorization: Bearer {}"


def but(*changed: str) -> tuple[str, ...]:
    """A good handshake with these headers instead of its own; ``Name:`` alone leaves one out."""
    names = {header.partition(":")[0] for header in changed}
    kept = [header for header in UPGRADE if header.partition(":")[0] not in names]
    return (*kept, *(header for header in changed if not header.endswith(":")))


def knock(number: str, words: str, status: int, *headers: str, query: str = "", who: str = "nobody") -> Sequence[Row]:
    """The row for both sockets. Names in braces are filled in from the scene."""
    code = {403: "forbidden"}.get(status, "")
    return [Row(number, words, f"GET {path}{query}", status, code, who, but(*headers)) for path in DOORS]


CREDENTIALS: Final = [
    *knock("1", "no credentials", 403),
    *knock("1", "empty ones", 403, "Cookie: session=", "Authorization: Bearer ", query="?token="),
    *knock("2", "garbage in the query", 403, query="?token=garbage"),
    *knock("2", "garbage in the header", 403, BEARER.format("garbage")),
    *knock("2", "garbage in the cookie", 403, COOKIE.format("garbage")),
    *knock("2", "raw bytes in the header", 403, BEARER.format("\xff\xfe")),
    *knock("2", "raw bytes in the cookie", 403, COOKIE.format("\xff\xfe")),
    *knock("2", "escaped bytes in the query", 403, query="?token=%ff%00%ed%a0%80"),
    *knock("2", "a token of 9 kB", 403, BEARER.format("x" * 7000)),
    *knock("2", "three dots", 403, query="?token=..."),
    *knock("2", "a JWT that has expired", 403, query="?token={expired}"),
    *knock("2", "a JWT under another key", 403, query="?token={foreign}"),
    *knock("2", "a JWT without a signature", 403, query="?token={unsigned}"),
    *knock("2", "only the prefix of a token", 403, query="?token=chat_personal_"),
    *knock("3", "a token of a disabled account", 403, BEARER.format("{disabled}")),
    *knock("4", "a cookie after logging out", 403, COOKIE.format("{logged_out}")),
    *knock("5", "cookie of Ada, token of Grace", 101, COOKIE.format("{cookie}"), query="?token={graces}"),
    *knock("6", "two tokens, the first good", 101, query="?token={token}&token=x"),
    *knock("6", "two tokens, the first bad", 403, query="?token=x&token={token}"),
    *knock("7", "the scheme in lower case", 101, "Authorization: bearer {token}"),
    *knock("7", "spaces around the token", 101, "Authorization: Bearer   {token}  "),
    *knock("7", "another scheme", 403, "Authorization: Basic {token}"),
    *knock("7", "no scheme", 403, "Authorization: {token}"),
    *knock("8", "a foreign origin", 403, COOKIE.format("{cookie}"), "Origin: https://evil.example"),
    *knock("8", "an origin that ends in ours", 403, COOKIE.format("{cookie}"), "Origin: http://evil-{host}"),
    *knock("8", "our origin with a path", 403, COOKIE.format("{cookie}"), "Origin: http://{host}/"),
    *knock("8", "two origins", 403, COOKIE.format("{cookie}"), "Origin: http://{host}, http://{host}"),
    *knock("8", "a foreign origin and a good token", 101, "Origin: https://evil.example", query="?token={token}"),
    *knock("9", "origin null", 403, COOKIE.format("{cookie}"), "Origin: null"),
    *knock("10", "no origin, cookie only", 101, COOKIE.format("{cookie}")),
]


def handshake(
    number: str, words: str, status: int | tuple[int, ...], *headers: str, line: str = "GET {}", says: str = ""
) -> Sequence[Row]:
    return [Row(number, words, line.format(path), status, "", "token", but(*headers), says=says) for path in DOORS]


HANDSHAKES: Final = [
    *[
        row
        for value in ("8", "7", "12", "14", "13, 8", "013", "x", "-1", "")
        for row in handshake(
            "11",
            f"version {value!r}",
            400,
            f"Sec-WebSocket-Version: {value}" if value else "Sec-WebSocket-Version:",
            says="Sec-WebSocket-Version: 13",
        )
    ],
    *handshake("12", "no key", 400, "Sec-WebSocket-Key:"),
    *handshake("12", "a short key", 400, "Sec-WebSocket-Key: AAAA"),
    *handshake("12", "a key that is not base64", 400, "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!=="),
    *handshake("12", "a key of raw bytes", 400, "Sec-WebSocket-Key: \xff\xfe"),
    *handshake("13", "an upgrade to HTTP/2", 426, "Upgrade: h2c", says="Upgrade: websocket"),
    *handshake("13", "no upgrade", 426, "Upgrade:", "Connection:", says="Upgrade: websocket"),
    *handshake("13", "Connection: keep-alive", 400, "Connection: keep-alive"),
    *[
        row
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
        for row in handshake("14", method, 405, line=method + " {}", says="Allow: GET")
    ],
    *handshake("15", "over HTTP/1.0", 400, line="GET {} HTTP/1.0"),
    *handshake("15", "with a body", (101, 400), "Content-Length: 2"),
]


@pytest.mark.parametrize("row", named([*CREDENTIALS, *HANDSHAKES]))
async def test_a_handshake_gets_its_answer(scene: Scene, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    began = time.monotonic()
    reply = await gets_its_answer(scene, filled(scene, row), caplog)
    if reply.status != 101:
        assert reply.is_closed or reply.status == 405
        assert time.monotonic() - began < 5


def filled(scene: Scene, row: Row) -> Row:
    """With the scene's credentials where the row names them."""
    claims = {"username": "ada", "sub": "1", "iss": "chatapp", "aud": "chatapp", "iat": 1, "jti": "x"}
    known = {
        "{token}": scene.ada.token,
        "{graces}": scene.grace.token,
        "{disabled}": scene.disabled,
        "{logged_out}": scene.logged_out,
        "{cookie}": scene.cookie,
        "{host}": scene.host,
        "{expired}": jwt.encode({**claims, "exp": 2}, "x" * 32, headers={"kid": "1"}),
        "{foreign}": jwt.encode({**claims, "exp": 2**33}, "x" * 32, headers={"kid": "1"}),
        "{unsigned}": jwt.encode({**claims, "exp": 2**33}, "", algorithm="none"),
    }

    def fill(text: str) -> str:
        for name, value in known.items():
            text = text.replace(name, value)
        return text

    return row._replace(line=fill(row.line), headers=[fill(header) for header in row.headers])


async def test_where_cookie_and_token_differ_the_cookie_counts(scene: Scene) -> None:
    headers = {"Cookie": f"session={scene.cookie}"}
    async with scene.client.ws_connect(f"/ws?token={scene.grace.token}", headers=headers) as ws:
        assert (await ws.receive_json())["user"]["username"] == "ada"
