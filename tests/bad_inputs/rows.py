"""How a row of the tables of bad requests is written, sent and judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest

from tests.bad_inputs.scene import Reply, Scene

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
UPGRADE: Final = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


class Row(NamedTuple):
    """``who`` sends it: ``token``, ``cookie``, ``page`` (a cookie, as a browser asking for a page) or ``nobody``.

    ``status`` may be several where a proxy or a parser may choose. ``code`` is that of the problem document and
    ``field`` the one it names; ``says`` are headers that the answer must have.
    """

    id: str
    words: str
    line: str
    status: int | tuple[int, ...]
    code: str = ""
    who: str = "token"
    headers: Sequence[str] = ()
    body: bytes = b""
    field: str = ""
    says: str = ""
    is_chunked: bool = False

    @property
    def statuses(self) -> tuple[int, ...]:
        return self.status if isinstance(self.status, tuple) else (self.status,)


def named(rows: Iterable[Row]) -> list[Any]:
    """As parameters of a test."""
    return [pytest.param(row, id=f"{row.id} {row.words} [{row.who} {row.line[:50]}]") for row in rows]


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def fields(**values: str) -> bytes:
    return urlencode(values).encode()


def credentials(scene: Scene, who: str) -> list[str]:
    if who == "token":
        return [f"Authorization: Bearer {scene.ada.token}"]
    if who == "nobody":
        return []
    accept = ["Accept: text/html"] if who == "page" else []
    return [f"Cookie: session={scene.cookie}", f"Origin: http://{scene.host}", *accept]


def request(scene: Scene, row: Row) -> bytes:
    """Its bytes. Host, credentials and length are filled in unless the row has its own."""
    line = row.line if " HTTP/" in row.line else f"{row.line} HTTP/1.1"
    own = {header.partition(":")[0].lower() for header in row.headers}
    headers = [] if "host" in own else [f"Host: {scene.host}"]
    headers += credentials(scene, row.who)
    if row.body and not row.is_chunked and "content-length" not in own:
        headers.append(f"Content-Length: {len(row.body)}")
    head = "\r\n".join([line, *headers, *row.headers, "", ""])
    return head.encode("latin-1") + row.body


async def gets_its_answer(scene: Scene, row: Row, caplog: pytest.LogCaptureFixture) -> Reply:
    """Send the row: the answer it must have, once; nothing stored, nothing heard, nothing told that is secret."""
    with scene.nothing_happens(caplog):
        reply = await scene.asks(request(scene, row), has_body=not row.line.startswith("HEAD "))
    assert reply.status in row.statuses, reply
    if not row.line.startswith("HEAD "):
        assert row.code in ("", reply.code), reply
    assert row.field in ("", *(reply.fields if row.field else ())), reply
    if row.says:
        name, _, value = row.says.partition(": ")
        assert reply.headers[name.lower()].startswith(value), reply
    _is_discreet(scene, reply)
    _is_the_only_answer(reply)
    await scene.nobody_heard()
    return reply


def _is_discreet(scene: Scene, reply: Reply) -> None:
    text = reply.body.decode()
    assert "Traceback" not in text
    assert 'File "' not in text
    assert [secret for secret in (scene.ada.token, scene.cookie, scene.disabled) if secret in text] == []


def _is_the_only_answer(reply: Reply) -> None:
    if reply.status == 101:
        return
    assert reply.rest.count(b"HTTP/1.1 ") == (0 if reply.is_closed else 1), reply
    assert reply.rest.endswith(b"" if reply.is_closed else b"PONG!"), reply
