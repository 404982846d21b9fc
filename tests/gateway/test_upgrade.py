"""A socket is served once its request has been: all that stood around the way in is gone by then."""

from __future__ import annotations

import asyncio
import gc
import socket
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from aiohttp import ClientConnectionResetError, ClientSession, WSMsgType, web
from aiohttp.http import HttpRequestParser
from aiohttp.test_utils import TestClient, TestServer

from chatapp.gateway.upgrade import Upgrade
from chatapp.web import unreadable
from tests.support.house import until
from tests.support.needs import needs

KNOCKING: Final = "knocking"

Serve = Callable[[Upgrade], Awaitable[None]]


@asynccontextmanager
async def let_in(said: list[str], serve: Serve | None) -> AsyncIterator[TestClient[Any, Any]]:
    """Somebody who may knock at a door that is served so, with a middleware before it."""

    @web.middleware
    async def passes_through(request: web.Request, handler: Any) -> web.StreamResponse:
        said.append("in")
        current = asyncio.current_task()
        assert current is not None
        current.set_name(KNOCKING)
        try:
            return await handler(request)  # type: ignore[no-any-return]
        finally:
            said.append("out")

    async def door(request: web.Request) -> web.StreamResponse:
        ws = Upgrade()
        await ws.prepare(request)
        if serve is not None:
            ws.then(lambda: serve(ws))
        return ws

    app = web.Application(middlewares=[passes_through])
    app.router.add_get("/", door)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


async def test_it_is_served_after_every_middleware_has_returned_and_once() -> None:
    said: list[str] = []

    async def serve(ws: Upgrade) -> None:
        said.append((await ws.receive()).data)
        assert (await ws.receive()).type is WSMsgType.CLOSE
        said.append("end")
        # A second last word would serve it again.
        await ws.write_eof()

    async with let_in(said, serve) as client:
        async with client.ws_connect("/") as ws:
            await ws.send_str("hello")
            await until(lambda: "hello" in said)
        await until(lambda: "end" in said)
    assert said == ["in", "out", "hello", "end"]


async def test_it_is_served_in_the_task_of_its_request() -> None:
    """What holds a place until that task ends holds it as long as the socket is open."""
    said: list[str] = []
    tasks: list[asyncio.Task[Any]] = []

    async def serve(ws: Upgrade) -> None:
        tasks.extend(task for task in asyncio.all_tasks() if task.get_name() == KNOCKING)
        assert tasks == [asyncio.current_task()]
        await ws.receive()

    async with let_in(said, serve) as client:
        async with client.ws_connect("/"):
            await until(lambda: bool(tasks))
            assert not tasks[0].done()
        await until(tasks[0].done)


async def test_who_has_nobody_to_serve_them_is_told_goodbye() -> None:
    async with let_in([], None) as client, client.ws_connect("/") as ws:
        assert (await ws.receive(timeout=20)).type is WSMsgType.CLOSE


async def test_what_goes_wrong_while_it_is_served_ends_the_connection_and_no_other() -> None:
    async def serve(ws: Upgrade) -> None:
        if (await ws.receive()).data == "fail":
            raise RuntimeError
        await ws.send_str("still here")

    async with let_in([], serve) as client, client.ws_connect("/") as one, client.ws_connect("/") as other:
        await one.send_str("fail")
        assert (await one.receive(timeout=20)).type in {WSMsgType.CLOSE, WSMsgType.CLOSED}
        await other.send_str("go on")
        assert (await other.receive(timeout=20)).data == "still here"


async def test_an_open_socket_does_not_keep_what_has_read_its_request() -> None:
    async def door(request: web.Request) -> web.StreamResponse:
        ws = Upgrade()
        await ws.prepare(request)
        ws.then(lambda: echoes(ws))
        return ws

    async def echoes(ws: Upgrade) -> None:
        async for message in ws:
            await ws.send_str(message.data)

    def parsers() -> int:
        gc.collect()
        return sum(isinstance(each, HttpRequestParser) for each in gc.get_objects())

    app = web.Application()
    app.router.add_get("/", door)
    runner = web.AppRunner(app)
    await runner.setup()
    assert runner.server
    before = parsers()
    handlers = unreadable.handlers(runner.server, {})
    async with await asyncio.get_running_loop().create_server(handlers, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/") as ws:
            # Longer than what aiohttp takes in at once: reading is paused and resumed without the parser too.
            for said in ("hello", "x" * 1_000_000, "goodbye"):
                await ws.send_str(said)
                assert (await ws.receive(timeout=20)).data == said
            assert parsers() == before
    await runner.cleanup()


async def test_the_system_cuts_no_socket_that_reads_slowly() -> None:
    """As it does with an answer of which nothing is taken."""
    needs("TCP_USER_TIMEOUT, as Linux has it,", is_there=hasattr(socket, "TCP_USER_TIMEOUT"))
    known = []

    def patience(request: web.Request) -> int:
        assert request.transport
        connection = request.transport.get_extra_info("socket")
        return int(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))

    async def door(request: web.Request) -> web.StreamResponse:
        known.append(patience(request))
        ws = Upgrade()
        await ws.prepare(request)
        known.append(patience(request))
        return ws

    app = web.Application()
    app.router.add_get("/", door)
    runner = web.AppRunner(app)
    await runner.setup()
    assert runner.server
    handlers = unreadable.handlers(runner.server, {}, patience=7)
    async with await asyncio.get_running_loop().create_server(handlers, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/"):
            pass
    await runner.cleanup()
    assert known == [7000, 0]


def test_who_has_hung_up_before_the_answer_is_no_trouble() -> None:
    with socket.socket() as gone:
        pass
    transport = asyncio.Transport({"socket": gone})
    unreadable._bound_patience(transport, 7)
    unreadable._bound_patience(None, 7)


async def test_an_error_at_the_end_does_not_hold_the_socket_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(socket: web.WebSocketResponse[Any]) -> None:
        # As aiohttp does where its goodbye cannot be written any more.
        try:
            try:
                raise EOFError
            except EOFError:
                raise ClientConnectionResetError("Cannot write to closing transport") from None
        except ClientConnectionResetError as error:
            socket._exception = error

    monkeypatch.setattr(web.WebSocketResponse, "write_eof", fails)
    gc.disable()
    try:
        socket = Upgrade()
        await socket.write_eof()
        assert isinstance(socket.exception(), ClientConnectionResetError)
        held = weakref.ref(socket)
        del socket
        assert held() is None
    finally:
        gc.enable()
