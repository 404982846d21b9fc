"""What is thrown at the server: requests from the router, frames from the registry, bytes changed here and there.

The same seed and number give the same case.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from chatapp.gateway import commands, endpoint
from chatapp.gateway.registry import actions
from chatapp.web import routes
from tests.fuzz.words import mutated, quoted, segment, value, word
from tests.support.wire import BINARY, CLOSE, PING, PONG, TEXT, frame

TOKEN, COOKIE, CSRF, HOST = "{TOKEN}", "{COOKIE}", "{CSRF}", "{HOST}"
DOORS: Final = ("/ws", "/rooms/general/ws", "/rooms/general/ws?format=text")
FIELDS: Final = (
    *("content", "client_id", "reply_to", "name", "slug", "topic", "kind", "username", "password", "email", "index"),
    *(
        "display_name",
        "time_zone",
        "theme",
        "hour_cycle",
        "density",
        "next",
        "code",
        "token",
        "days",
        "uses",
        "id",
        "remember",
        "current",
        "new",
    ),
)
QUERY: Final = ("limit", "before", "after", "around", "wait", "epoch", "html", "next", "token", "q", "code", "format")
TYPES: Final = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
)
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO")

# Always the same: a case must come again.
MASK: Final = b"mask"

_place = re.compile(r"\{(\w+)(?::[^}]*)?\}")


class Case(NamedTuple):
    """``door`` is "" for a request, which ``data`` holds; else the socket at which its bytes are sent.

    ``is_whole`` says that nobody changed its bytes: it must be answered.
    """

    kind: str
    data: bytes
    door: str = ""
    is_whole: bool = True


def case(seed: int, number: int) -> Case:
    chance = random.Random(f"{seed}:{number}")
    return chance.choice(KINDS)(chance)


def _request(chance: random.Random) -> Case:
    method, path = chance.choice(ROUTES)
    if chance.random() < 0.05:
        method = chance.choice(METHODS)
    target = _place.sub(lambda found: segment(chance, found[1]), path)
    if chance.random() < 0.4:
        names = chance.choices(QUERY, k=chance.randrange(1, 4))
        target += "?" + "&".join(f"{name}={quoted(chance, word(chance))}" for name in names)
    kind, body = _body(chance)
    is_form = not path.startswith("/api")
    headers = [f"Host: {HOST}", *_credentials(chance, is_form=is_form), "Connection: close"]
    if method not in {"GET", "HEAD"} or chance.random() < 0.1:
        headers += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    else:
        body = b""
    headers += chance.choices(MORE, k=chance.choice((0, 0, 0, 1, 2)))
    return Case("request", "\r\n".join([f"{method} {target} HTTP/1.1", *headers, "", ""]).encode() + body)


MORE: Final = (
    *(
        "Expect: 100-continue",
        "Range: bytes=0-1",
        "If-None-Match: *",
        "If-Modified-Since: nonsense",
        "Accept: text/html",
    ),
    *(
        "X-HTTP-Method-Override: DELETE",
        "Accept-Language: \u2028",
        "X-Forwarded-For: ::1",
        "Cookie: a=b; c",
        "Origin: null",
    ),
    *(
        "X-Request-Id: \u2028",
        "Accept-Encoding: gzip;q=nan",
        "TE: trailers",
        "Upgrade: websocket",
        "Idempotency-Key: \u2028",
    ),
)


def _broken_request(chance: random.Random) -> Case:
    return Case("broken request", mutated(chance, _request(chance).data), is_whole=False)


def _handshake(chance: random.Random) -> Case:
    headers = {
        "Host": HOST,
        "Upgrade": chance.choice(("websocket", "WebSocket", "h2c", "", "websocket, h2c")),
        "Connection": chance.choice(("Upgrade", "keep-alive, Upgrade", "close", "keep-alive", "")),
        "Sec-WebSocket-Version": chance.choice(("13", "13", "8", "0", "13, 8", "x")),
        "Sec-WebSocket-Key": chance.choice(("AAAAAAAAAAAAAAAAAAAAAA==", "AAAA", "!", "", "=" * 24)),
        "Sec-WebSocket-Extensions": chance.choice(
            ("permessage-deflate", "x; y=z", "permessage-deflate; server_max_window_bits=99", "")
        ),
        "Sec-WebSocket-Protocol": chance.choice(("", "chat", "a" * 5000)),
        "Authorization": chance.choice((f"Bearer {TOKEN}", "Bearer x", "Basic x", "")),
        "Origin": chance.choice(("", f"http://{HOST}", "null", "http://evil.example")),
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value or chance.random() < 0.2]
    chance.shuffle(lines)
    method, version = (
        chance.choice(("GET", "GET", "GET", "POST", "HEAD")),
        chance.choice(("1.1", "1.1", "1.1", "1.0", "2.0")),
    )
    data = "\r\n".join([f"{method} {chance.choice(DOORS)} HTTP/{version}", *lines, "", ""]).encode()
    if chance.random() < 0.4:
        return Case("handshake", mutated(chance, data), is_whole=False)
    return Case("handshake", data, is_whole=False)


def _frames(chance: random.Random) -> Case:
    door = chance.choice(DOORS)
    data = b"".join(frame(TEXT, command(chance), mask=MASK) for _ in range(chance.randrange(1, 6)))
    return Case("frames", data, door)


def _broken_frames(chance: random.Random) -> Case:
    """Commands with a few bytes changed, inside of good frames."""
    data = b"".join(frame(TEXT, mutated(chance, command(chance)), mask=MASK) for _ in range(chance.randrange(1, 6)))
    return Case("broken frames", data, chance.choice(DOORS))


def _wire(chance: random.Random) -> Case:
    """Frames of any kind, whole and broken."""
    parts = []
    for _ in range(chance.randrange(1, 8)):
        opcode = chance.choice((TEXT, TEXT, 0, BINARY, CLOSE, PING, PONG, 3, 11))
        payload = chance.choice((b"", b"\x03", b"\x03\xe8bye", command(chance), chance.randbytes(200)))
        more: dict[str, Any] = {"is_final": chance.random() < 0.8, "is_masked": chance.random() < 0.9}
        parts.append(frame(opcode, payload, reserved=chance.choice((0, 0, 0, 4, 1)), mask=MASK, **more))
    data = b"".join(parts)
    return Case("wire", mutated(chance, data) if chance.random() < 0.5 else data, chance.choice(DOORS), is_whole=False)


KINDS: Final[tuple[Callable[[random.Random], Case], ...]] = (
    *(_request, _request, _request, _broken_request, _handshake, _frames, _frames, _broken_frames, _wire),
)


def _routes() -> list[tuple[str, str]]:
    app = web.Application()
    routes.setup_routes(app)
    endpoint.setup_routes(app)
    found = [(route.method, route.resource.canonical) for route in app.router.routes() if route.resource]
    return sorted({pair for pair in found if pair[0] != "HEAD"})


ROUTES: Final = _routes()
commands.load()
ACTIONS: Final = {name: schema.__struct_fields__ for name, schema in actions().items()}


def command(chance: random.Random) -> bytes:
    action = chance.choice([*ACTIONS])
    fields = {name: value(chance, name) for name in ACTIONS[action] if chance.random() < 0.85}
    if chance.random() < 0.1:
        fields[chance.choice(FIELDS)] = value(chance, "")
    return json.dumps({"action": action, **fields}, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _credentials(chance: random.Random, *, is_form: bool) -> list[str]:
    cookie = [f"Cookie: session={COOKIE}", f"Origin: http://{HOST}"]
    if chance.random() < 0.1:
        return chance.choice(
            ([], ["Authorization: Bearer x"], ["Cookie: session=x"], [f"Authorization: Bearer {TOKEN}x"])
        )
    return cookie if is_form else [f"Authorization: Bearer {TOKEN}"]


def _body(chance: random.Random) -> tuple[str, bytes]:
    names = chance.choices(FIELDS, k=chance.randrange(0, 8))
    kind = chance.choice(TYPES)
    if kind == TYPES[0] and chance.random() < 0.95:
        sent = {name: value(chance, name if chance.random() < 0.9 else "") for name in names}
        return kind, json.dumps(sent).encode()
    if kind == TYPES[2] and chance.random() < 0.95:
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{word(chance)}\r\n'
            for name in ("csrf", *names)
        ]
        return kind, "".join(parts).replace("general", CSRF, 1).encode("utf-8", "surrogatepass") + b"--b--\r\n"
    pairs = [("csrf", CSRF), *((name, word(chance)) for name in names)]
    return kind, urlencode(pairs, safe="{}").encode()
