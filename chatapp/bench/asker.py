"""One person who asks one thing after the other and waits for each answer, over REST and over a socket."""

from __future__ import annotations

import json
import re
import socket
import time
from types import TracebackType
from typing import Any, Final, Self

from chatapp.bench import frames

PATIENCE_SECONDS: Final = 30.0


class Asker:
    """Two blocking connections to a chatapp."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._host = f"{address[0]}:{address[1]}"
        self._token = token
        self._http = socket.create_connection(address, PATIENCE_SECONDS)
        self._ws = socket.create_connection(address, PATIENCE_SECONDS)
        self._heard = b""
        self._ws.sendall(frames.upgrade(f"/ws?token={token}", self._host))
        self._head()
        self._ref = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()
        self._ws.close()

    def gets(self, path: str) -> tuple[float, bytes]:
        """Seconds and body of a GET. Raises ``ConnectionError`` for anything but 200."""
        request = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._token}\r\n\r\n"
        begun, answer = time.perf_counter(), b""
        self._http.sendall(request.encode())
        while (body := _body(answer)) is None:
            answer += _some(self._http)
        seconds = time.perf_counter() - begun
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise ConnectionError(answer[:200].decode(errors="replace"))
        return seconds, body

    def says(self, action: str, **fields: Any) -> tuple[float, dict[str, Any]]:
        """Seconds until the answer to a command, and the answer. Raises ``ConnectionError`` when it is not ok."""
        self._ref += 1
        payload = json.dumps({"action": action, "ref": self._ref, **fields}).encode()
        begun = time.perf_counter()
        self._ws.sendall(frames.frame(payload))
        answer = self._answer(b'{"ref":%d,' % self._ref)
        seconds = time.perf_counter() - begun
        found: dict[str, Any] = json.loads(answer)
        if not found["ok"]:
            raise ConnectionError(f"{action}: {found['error']['message']}")
        return seconds, found

    def _answer(self, head: bytes) -> bytes:
        while True:
            at = 0
            for each in frames.whole(self._heard):
                at, payload = each.stop, self._heard[each.start : each.stop]
                if each.opcode == frames.PING:
                    self._ws.sendall(frames.frame(payload, frames.PONG))
                if payload.startswith(head):
                    self._heard = self._heard[at:]
                    return payload
            self._heard = self._heard[at:] + _some(self._ws)

    def _head(self) -> None:
        while b"\r\n\r\n" not in self._heard:
            self._heard += _some(self._ws)
        head, _, self._heard = self._heard.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise ConnectionError(head.decode(errors="replace"))


def _body(answer: bytes) -> bytes | None:
    """The body once it is all there."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return body if end and length and len(body) >= int(length[1]) else None


def _some(plain: socket.socket) -> bytes:
    data = plain.recv(1 << 18)
    if not data:
        raise ConnectionError("The server hung up.")
    return data
