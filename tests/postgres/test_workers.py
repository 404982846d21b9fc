"""``serve --workers``: several processes on one port, which start, fail, come back and go as one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from chatapp import serving
from chatapp.cli import workers
from tests.faults import figures
from tests.postgres.several import shared_settings
from tests.support.server import Server
from tests.support.time import eventually

WORKERS: Final = 2
# The kernel deals connections out by chance: of so many each worker gets some, but once in 10**17 runs.
SOCKETS: Final = 60


def workers_of(server: Server) -> list[int]:
    """Their process ids."""
    return figures.children(server.pid)


def serving_together(data: Path, **settings: str) -> Server:
    made = Server(data, **settings)
    made.workers = WORKERS
    return made


def is_alive(pid: int) -> bool:
    """Running, and no zombie that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = serving_together(tmp_path / "data", LIMITS="off")
    yield made
    await made.kill()


async def token_of(server: Server) -> str:
    token = await server.add_person("ada")
    await server.start()
    return token


async def connected(session: ClientSession, server: Server, token: str, count: int) -> list[ClientWebSocketResponse]:
    return [await session.ws_connect(f"{server.url}/rooms/general/ws?token={token}") for _ in range(count)]


async def heard(ws: ClientWebSocketResponse) -> Any:
    return (await ws.receive_json(timeout=30))["messages"][0]["content"]


async def closed_with(ws: ClientWebSocketResponse) -> int | None:
    while (message := await ws.receive(timeout=30)).type is WSMsgType.TEXT:
        pass
    return int(message.data) if message.type is WSMsgType.CLOSE else None


async def is_served(session: ClientSession, server: Server) -> bool:
    """By whomever it comes to, each time."""
    for _ in range(3 * WORKERS):
        async with session.get(f"{server.url}/readyz", headers={"Connection": "close"}) as answer:
            if answer.status != 200:
                return False
    return True


async def test_they_are_one_chat_and_say_so_once(server: Server) -> None:
    await server.start()
    assert len(workers_of(server)) == WORKERS
    said = "\n".join(server.output)
    assert [said.count(words) for words in ("running on", "/setup?code=", "Stop it with")] == [1, 1, 1]
    async with ClientSession() as session:
        for _ in range(5 * WORKERS):
            async with session.get(server.setup_link, headers={"Connection": "close"}) as page:
                assert page.status == 200
    link = server.setup_link
    assert await server.stop() == 0
    await server.start()
    assert server.setup_link == link


async def test_what_is_doubtful_is_said_once(tmp_path: Path) -> None:
    server = serving_together(tmp_path / "data", LIMITS="off", HOST="127.0.0.1")
    try:
        await server.start()
        assert await server.stop() == 0
        warnings = [line.partition("detail=")[2] for line in server.output if "settings.warning" in line]
        assert warnings
        assert len(warnings) == len(set(warnings))
    finally:
        await server.kill()


async def test_everybody_hears_and_sigterm_lets_everybody_go(server: Server) -> None:
    token = await token_of(server)
    async with ClientSession() as session:
        before = {pid: figures.sockets(pid) for pid in workers_of(server)}
        sockets = await connected(session, server, token, SOCKETS)
        # Some come to each; that many no database takes.
        assert all(figures.sockets(pid) > count + SOCKETS / 10 for pid, count in before.items())
        await sockets[0].send_json({"action": "sendMessage", "content": "to all of you"})
        assert set(await asyncio.gather(*map(heard, sockets))) == {"to all of you"}
        pids = workers_of(server)
        stopping = asyncio.create_task(server.stop())
        assert set(await asyncio.gather(*map(closed_with, sockets))) == {1012}
        assert await stopping == 0
    assert not any(map(is_alive, pids))
    assert not any("Traceback" in line for line in server.output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
async def test_other_signals_end_it_too(server: Server, number: signal.Signals) -> None:
    await server.start()
    pids = workers_of(server)
    server.send(number)
    assert await server.exit_code() == 0
    assert not any(map(is_alive, pids))


async def test_a_signal_to_all_of_them_at_once_ends_all(server: Server) -> None:
    """As a service manager sends it."""
    token = await token_of(server)
    async with ClientSession() as session:
        sockets = await connected(session, server, token, 2 * WORKERS)
        pids = workers_of(server)
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        stopping = asyncio.create_task(server.stop())
        assert set(await asyncio.gather(*map(closed_with, sockets))) == {1012}
        assert await stopping == 0
    assert not any(map(is_alive, pids))


@pytest.mark.parametrize("host", ["localhost", "::1", "0.0.0.0"])  # noqa: S104 - on a machine of tests
async def test_they_share_the_port_of_any_address(tmp_path: Path, host: str) -> None:
    server = serving_together(tmp_path / "data", HOST=host)
    try:
        await server.start()
        async with ClientSession() as session:
            assert await is_served(session, server)
        assert await server.stop() == 0
    finally:
        await server.kill()


async def test_who_was_killed_comes_back_and_the_others_go_on(server: Server) -> None:
    token = await token_of(server)
    async with ClientSession() as session:
        sockets = await connected(session, server, token, SOCKETS)
        before = workers_of(server)
        os.kill(before[1], signal.SIGKILL)
        await eventually(lambda: len(set(workers_of(server)) - set(before)) == 1)
        assert set(before) - {before[1]} <= set(workers_of(server))
        await eventually(lambda: any("worker.back" in line for line in server.output))
        assert any("worker.ended" in line and "code=-9" in line for line in server.output)
        assert await is_served(session, server)
        # Whoever was not with it has noticed nothing.
        speaker = await session.ws_connect(f"{server.url}/rooms/general/ws?token={token}")
        await speaker.send_json({"action": "sendMessage", "content": "still here"})
        messages = await asyncio.gather(*(ws.receive(timeout=30) for ws in sockets))
        kinds = [message.type for message in messages]
        assert kinds.count(WSMsgType.TEXT) + kinds.count(WSMsgType.CLOSED) == SOCKETS
        assert 0 < kinds.count(WSMsgType.CLOSED) < SOCKETS
    assert await server.stop() == 0


async def test_one_that_is_told_to_go_by_itself_is_replaced(server: Server) -> None:
    await server.start()
    before = workers_of(server)
    os.kill(before[0], signal.SIGTERM)
    await eventually(lambda: any("worker.back" in line for line in server.output))
    assert any("worker.ended" in line and "code=0" in line for line in server.output)
    assert len(workers_of(server)) == WORKERS


async def test_workers_end_when_their_parent_was_killed(server: Server) -> None:
    token = await token_of(server)
    pids = workers_of(server)
    async with ClientSession() as session:
        sockets = await connected(session, server, token, WORKERS)
        killing = asyncio.create_task(server.kill())
        assert set(await asyncio.gather(*map(closed_with, sockets))) == {1012}
        await killing
    await eventually(lambda: not any(map(is_alive, pids)))


@pytest.mark.parametrize("count", [1, WORKERS])
async def test_a_signal_while_they_start_is_the_end_of_all(server: Server, count: int) -> None:
    starting = asyncio.create_task(server.start())
    pids: list[int] = []

    def are_there() -> bool:
        pids[:] = workers_of(server) if server.is_running else []
        return len(pids) >= count

    await eventually(are_there)
    server.send(signal.SIGTERM)
    assert await server.exit_code() == 0
    assert not any(map(is_alive, pids))
    # It may just have said that it runs.
    await asyncio.gather(starting, return_exceptions=True)


async def test_a_port_in_use_is_a_sentence_also_when_it_could_be_shared(server: Server) -> None:
    await server.start()
    second = serving_together(server.data, PORT=f"{server.port}")
    with pytest.raises(AssertionError, match=f"Port {server.port} of 127.0.0.1: Address already in use"):
        await second.start()
    assert await second.exit_code() == 1
    with socket.create_server(("127.0.0.1", 0)) as taken:
        third = serving_together(server.data, PORT=f"{taken.getsockname()[1]}")
        with pytest.raises(AssertionError, match="Address already in use"):
            await third.start()
    assert await third.exit_code() == 1


async def test_what_keeps_one_from_starting_is_said_once_and_ends_all(tmp_path: Path) -> None:
    server = serving_together(tmp_path / "data", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(AssertionError, match="cannot be used"):
        await server.start()
    assert await server.exit_code() == 1
    assert len([line for line in server.output if "cannot be used" in line]) == 1


async def test_one_that_does_not_go_is_killed_in_the_end(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stop = asyncio.Event()
    monkeypatch.setattr(serving, "stop_asked", lambda: stop)
    monkeypatch.setattr(workers, "STOP_SECONDS", 0.5)
    for name, value in {"DATABASE_URL": url, "DATA": f"{tmp_path / 'data'}", "PORT": "0"}.items():
        monkeypatch.setenv(f"CHATAPP_{name}", value)
    others = set(figures.children(os.getpid()))
    said = ""
    running = asyncio.create_task(workers.supervise(shared_settings(tmp_path / "data", url), WORKERS))
    async with asyncio.timeout(60):
        while "Stop it with" not in said:
            said += capfd.readouterr().out
            await asyncio.sleep(0.05)
    started = set(figures.children(os.getpid())) - others
    os.kill(min(started), signal.SIGSTOP)
    stop.set()
    assert await running == 1
    assert not any(map(is_alive, started))
    assert "worker.killed" in capfd.readouterr().err
