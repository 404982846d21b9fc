"""What cannot be read as a request is answered like everything else: a problem, our headers, no name and no version."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.support.server import serving
from tests.web.test_headers import check

SECRET = "chat_personal_not_for_the_log"
UNREADABLE = {
    "no HTTP": b"hello\r\n\r\n",
    "another version": b"GET / HTTP/9.9 x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n\r\n",
    "two lengths": b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a folded header": b"GET /login HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n",
    "a long line": b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a token and NUL": f"GET /ws?token={SECRET} HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n".encode(),
    "letters as they are": "GET /api/v1/search?q=世界 HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
    "an expectation that is no text": b"POST /login HTTP/1.1\r\nHost: a\r\nExpect: \xff\r\nContent-Length: 0\r\n\r\n",
    "one of an address nobody has": b"GET /nowhere HTTP/1.1\r\nHost: a\r\nExpect: \xff\r\n\r\n",
}
OTHERWISE = {"a long line": (414, "too_large")}


async def asks(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    return int(status.split()[1]), dict(field.split(": ", 1) for field in fields), body


async def test_what_cannot_be_read_is_answered_in_our_voice(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", LOG_FORMAT="json") as server:
        for name, sent in UNREADABLE.items():
            status, headers, body = await asks(server.port, sent)
            problem = json.loads(body)
            right, code = OTHERWISE.get(name, (417 if b"Expect" in sent else 400, "bad_request"))
            # What is told about an expectation comes with a request, and then nobody names the server.
            server_name = None if b"Expect" in sent else "chatapp"
            assert (status, problem["status"], problem["code"]) == (right, right, code), name
            assert ("percent-encoded" in problem["detail"]) == (name == "letters as they are"), name
            assert headers["Content-Type"] == "application/problem+json", name
            assert headers.pop("Server", None) == server_name, name
            check(headers, name)
            assert problem["request_id"] == headers["X-Request-Id"], name
        assert SECRET not in "\n".join(server.output)
        assert "Traceback" not in "\n".join(server.output)
