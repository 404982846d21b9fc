"""An address of thousands of characters, such as that of a search for a whole article: refused in words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, cast
from urllib.parse import quote

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatapp.serving import HTTP
from chatapp.web import unreadable
from chatapp.web.unreadable import LONGEST_ADDRESS
from tests.support.cast import Actor
from tests.web.browser import Browser
from tests.web.script import Script, problem

FOUND = "A search may have 400 characters; this one has {}."


@pytest.fixture
async def client(app: web.Application, aiohttp_client: Callable[..., Any]) -> TestClient[web.Request, web.Application]:
    """As the product serves."""
    server = TestServer(app)
    await server.start_server(**HTTP)
    return await aiohttp_client(server)  # type: ignore[no-any-return]


@pytest.mark.parametrize("words", ["x" * 401, "x" * 10_000, "世" * 1_800], ids=["401", "10,000", "1,800 Chinese"])
async def test_the_page_of_a_search_says_how_long_it_may_be(adas: Browser, ada_script: Script, words: str) -> None:
    page = await adas.opens(f"/search?q={quote(words)}")
    assert (page.status, FOUND.format(len(words)) in page.text) == (422, True)
    assert 'aria-invalid="true"' in page.text
    answer = await ada_script.calls("GET", f"/api/v1/search?q={quote(words)}")
    assert problem(answer) == (422, "invalid")
    assert json.loads(answer.text)["errors"] == [{"field": "q", "detail": FOUND.format(len(words))}]


async def test_the_socket_says_so_too(ada: Actor) -> None:
    socket = await ada.connects()
    answer = await socket.asks("runCommand", room="general", line="/search " + "x" * 10_000)
    assert answer["error"]["errors"] == [{"field": "line", "detail": FOUND.format(10_000)}]


async def test_a_stranger_is_not_sent_on_with_it(stranger: Browser, ada: Actor) -> None:
    assert (await stranger.opens(f"/search?q={'x' * 10_000}")).location == "/login?next=/"


async def test_a_path_is_cut_in_the_log(adas: Browser) -> None:
    with structlog.testing.capture_logs() as entries:
        assert (await adas.opens("/" + "x" * 15_000)).status == 404
    (line,) = [cast("Any", entry) for entry in entries if entry["event"] == "request"]
    assert line["path"] == "/" + "x" * 999 + "…"


@pytest.fixture
async def port(app: web.Application) -> AsyncIterator[int]:
    """Where the product listens, with what it puts before aiohttp."""
    runner = web.AppRunner(app, **HTTP)
    await runner.setup()
    assert runner.server
    handlers = unreadable.handlers(runner.server, {}, **HTTP)
    async with await asyncio.get_running_loop().create_server(handlers, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1]
    await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/search?q=", "A search may have 400 characters; this one has more."),
        ("/api/v1/search?q=", "A search may have 400 characters; this one has more."),
        ("/rooms?q=", f"An address may have {LONGEST_ADDRESS} bytes; this one has more."),
    ],
)
async def test_what_is_longer_than_any_address_is_told_as_well(port: int, path: str, said: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path}{'x' * LONGEST_ADDRESS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n\r\n")
    writer.close()
    assert head.split()[1] == b"414"
    problem_ = json.loads(body)
    assert (problem_["status"], problem_["code"], problem_["detail"]) == (414, "too_large", said)


async def test_a_long_header_is_what_cannot_be_read(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET / HTTP/1.1\r\nHost: x\r\nX-Long: {'x' * 9_000}\r\n\r\n".encode())
    head, _, body = (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n\r\n")
    writer.close()
    assert (head.split()[1], json.loads(body)["detail"]) == (b"400", "The request cannot be read.")
