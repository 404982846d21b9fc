"""Requests that no decent client sends: bytes in, the answer's parts out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient


@dataclass(frozen=True)
class Answer:
    status: int
    head: str
    body: bytes


async def ask(client: TestClient[Any, Any], *lines: bytes, body: bytes = b"") -> Answer:
    """Send a request line and headers as they are; read until the server closes."""
    host, port = client.host, client.port
    reader, writer = await asyncio.open_connection(host, port)
    try:
        has_connection = any(line.lower().startswith(b"connection:") for line in lines)
        own = [f"Host: {host}:{port}".encode(), *([] if has_connection else [b"Connection: close"])]
        writer.write(b"\r\n".join([lines[0], *own, *lines[1:], b"", b""]) + body)
        async with asyncio.timeout(20):
            answer = await reader.read()
    finally:
        writer.close()
    head, _, rest = answer.partition(b"\r\n\r\n")
    return Answer(int(head.split()[1]), head.decode("latin-1"), rest)
