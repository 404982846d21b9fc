"""Whatever a browser says where its push service is: the server goes to the internet, and to nothing behind it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chatapp.core.clock import system_clock
from chatapp.core.destinations import networks
from chatapp.core.errors import Invalid
from chatapp.core.push import Subscription
from chatapp.domain.pushing import AT_ONCE, Letter
from chatapp.jobs.push import Answer, Courier, Elsewhere
from chatapp.settings import Settings
from tests.support.push_service import PushService, push_service
from tests.support.pushing import Scene, closing
from tests.support.time import eventually

INSIDE = (
    *("127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"),
    *("[2002:7f00:1::1]", "0.0.0.0", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost", "[::]"),  # noqa: S104
    "[::127.0.0.1]",
)


def letter(address: str) -> Letter:
    return Letter(address, {}, b"sealed", ())


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[Any]]]:
    """A port of this machine, and who has come to it."""
    came: list[Any] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], came


@pytest.mark.parametrize("host", INSIDE)
async def test_nobody_sends_the_server_to_its_own_networks(host: str) -> None:
    async with canary() as (port, came), closing(Courier(Settings(), system_clock)) as courier:
        for address in (f"https://{host}/", f"https://{host}:{port}/", f"http://{host}:{port}/"):
            with pytest.raises((OSError, ValueError, TimeoutError)):
                await courier.deliver(letter(address))
        assert came == []


def known(monkeypatch: pytest.MonkeyPatch, answers: Callable[[], list[str]]) -> None:
    def look_up(_host: Any, port: int, *_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers()]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


async def test_names_that_nobody_answers_for_keep_nobody_else_from_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    over = threading.Event()

    def look_up(host: str, *_more: Any) -> list[Any]:
        asked.append(host)
        over.wait(60)
        raise socket.gaierror

    async with closing(Courier(Settings(), system_clock)) as courier:
        await courier._opened()
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        letters = [letter(f"https://{number}.example.net/") for number in range(2 * AT_ONCE)]
        tasks = [asyncio.create_task(courier.deliver(each)) for each in letters]
        try:
            await eventually(lambda: len(asked) == len(letters))
            async with asyncio.timeout(5):
                assert await asyncio.to_thread(lambda: "a file is written")
        finally:
            over.set()
            refusals = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(each) for each in refusals} == {socket.gaierror}


async def test_one_address_inside_among_those_of_a_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, lambda: ["1.1.1.1", "127.0.0.1"])
    async with closing(Courier(Settings(), system_clock)) as courier:
        with pytest.raises(Elsewhere):
            await courier.deliver(letter("https://push.example.net/"))


async def test_a_name_that_means_something_else_a_moment_later_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answers() -> list[str]:
        asked.append("")
        # Of a network for documents: nobody answers there.
        return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

    known(monkeypatch, answers)
    async with canary() as (port, came), push_service() as service:
        settings = Settings(push_networks=("192.0.2.0/24",))
        async with closing(Courier(settings, system_clock)) as courier:
            with pytest.raises((OSError, TimeoutError)):
                async with asyncio.timeout(1):
                    await courier.deliver(letter(f"http://push.example.net:{port}/"))
        assert (len(asked), came, service.taken) == (1, [], [])


async def test_no_redirect_is_followed() -> None:
    async with canary() as (port, came), push_service() as service:
        service.answers["/push/1"] = [(307, {"Location": f"http://127.0.0.1:{port}/"})]
        service.check = False
        async with closing(Courier(Settings(push_networks=("127.0.0.0/8",)), system_clock)) as courier:
            with pytest.raises(Answer):
                await courier.deliver(letter(f"{service.url}/push/1"))
        assert came == []


async def test_of_an_answer_nothing_but_the_head_is_read() -> None:
    is_cut = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
                await writer.drain()
        except ConnectionError:
            is_cut.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, closing(Courier(Settings(push_networks=("127.0.0.0/8",)), system_clock)) as courier:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(5):
            await courier.deliver(letter(f"http://127.0.0.1:{port}/"))
            await is_cut.wait()


async def test_only_what_the_operator_has_named_is_reached_without_encryption(service: PushService) -> None:
    async with closing(Courier(Settings(push_networks=("127.0.0.0/30",)), system_clock)) as courier:
        await courier.deliver(letter(f"{service.url}/push/1"))
        with pytest.raises(Elsewhere):
            await courier.deliver(letter("http://127.0.0.9:443/"))
        with pytest.raises(Elsewhere):
            await courier.deliver(letter("http://1.1.1.1/"))


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        running.check = False
        yield running


@pytest.mark.parametrize("host", [host for host in INSIDE if host != "localhost"])
async def test_an_address_inside_is_refused_at_once(s: Scene, host: str) -> None:
    s.house.chat.push._allowed = ()
    found = s.browser.subscription(s.house.chat.push.key)
    with pytest.raises(Invalid):
        await s.house.chat.push.subscribe(s.identity, Subscription(**{**found, "endpoint": f"https://{host}/push"}))


async def test_a_browser_whose_address_leads_inside_is_taken_out(s: Scene) -> None:
    found = s.browser.subscription(s.house.chat.push.key)
    # Of a network that the operator has taken away since.
    s.house.chat.push._allowed = networks(["10.0.0.0/8"])
    inside = Subscription(**{**found, "endpoint": "https://10.0.0.1/push"})
    await s.house.chat.push.subscribe(s.identity, inside)
    await s.says("hello")
    await s.works()
    assert await s.house.chat.push.devices(s.grace) == []


async def test_without_networks_of_ones_own_only_https_is_taken(s: Scene) -> None:
    s.house.chat.push._allowed = ()
    found = Subscription(**s.browser.subscription(s.house.chat.push.key))
    with pytest.raises(Invalid):
        await s.house.chat.push.subscribe(s.identity, found)
