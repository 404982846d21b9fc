"""Who is gone without a word: the server lets go of all that was theirs within one and a half heartbeats, and
shows them to nobody any more."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crowd import populate
from tests.faults.figures import sockets
from tests.faults.network import ADDRESSES, Network, two_machines
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import Server
from tests.support.watcher import At, Shown, lookout
from tests.support.wire import RawSocket

HEARTBEAT: Final = rounds(2, 4)
EVERY: Final = 0.75 * HEARTBEAT
# From the last word that was heard: the first one whose receipt is lost still comes through, then TCP holds its breath.
BOUND: Final = EVERY + 1.5 * HEARTBEAT
# A machine that runs other tests as well is late; the long run is not.
SLACK: Final = rounds(6, 1)
OPEN: Final = 3


def closed(server: Server) -> int:
    return sum("socket.closed" in line for line in server.output)


async def talks_on(raw: RawSocket) -> None:
    """Says something now and then, as a client does that does not know."""
    while True:
        raw.says(action="subscribe", room="general", ref=1)
        await asyncio.sleep(EVERY)


@pytest.mark.file_only("no database server is in that network")
async def test_when_the_network_falls_silent_the_sockets_are_gone(tmp_path: Path) -> None:
    async with two_machines() as network:
        settings = {"HEARTBEAT": HEARTBEAT, "STALLED_SECONDS": HEARTBEAT, "SOCKETS_PER_PERSON": OPEN}
        server = Server(
            tmp_path / "data",
            under=network.on_the_server,
            HOST=ADDRESSES["server"],
            **{name: str(value) for name, value in settings.items()},
        )
        token, another, *_ = await populate(server.data, ("general",))
        await server.start()
        try:
            async with lookout(await network.open("server", server.port, another)) as shown:
                for role in ADDRESSES:
                    silence = network.lose_what_is_said_by(role)
                    await goes_silent(network, server, token, silence, f"what the {role} says is lost", shown)
                    await network.hear_again_what_is_said_by(role)
                await goes_silent(network, server, token, network.pull_the_cable(), "the cable is pulled", shown)
        finally:
            await server.kill()


async def goes_silent(
    network: Network, server: Server, token: str, silence: Awaitable[None], what: str, shown: Shown
) -> None:
    before, said = sockets(server.pid), closed(server)
    raws = [await network.open("client", server.port, token) for _ in range(OPEN)]
    assert sockets(server.pid) == before + OPEN
    # The first only listens.
    talking = [asyncio.create_task(talks_on(raw)) for raw in raws[1:]]
    for raw in raws[1:]:
        await raw.hears()
    await until(lambda: shown.of("p0") == "online")
    await silence
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await until(lambda: closed(server) == said + OPEN, seconds=BOUND + SLACK)
        took = loop.time() - began
        await until(lambda: shown.of("p0") == "offline", seconds=SLACK)
        seen = loop.time() - began
        await until(lambda: sockets(server.pid) == before)
        # Their places are free as well: the person may come again, from wherever the network still works.
        again = [await network.open("server", server.port, token) for _ in range(OPEN)]
        for raw in again:
            assert await raw.is_alive()
            raw.hangs_up()
        await until(lambda: sockets(server.pid) == before)
        await until(lambda: shown.of("p0") == "offline")
    finally:
        for task in talking:
            task.cancel()
    print(f"half-open, {what}: {OPEN} sockets gone {took:.2f} s after, their person {seen:.2f} s, with {HEARTBEAT=}")


# A client as a process of its own: it connects, says so, and reads.
CLIENT: Final = """
import asyncio, sys
from aiohttp import ClientSession

async def main(url, token):
    async with ClientSession() as session, session.ws_connect(url, headers={"Authorization": f"Bearer {token}"}) as ws:
        print("here", flush=True)
        async for _ in ws:
            pass

asyncio.run(main(*sys.argv[1:]))
"""


def stops(client: asyncio.subprocess.Process) -> None:
    client.send_signal(signal.SIGSTOP)


def is_killed(client: asyncio.subprocess.Process) -> None:
    client.kill()


@pytest.mark.parametrize("goes", [stops, is_killed])
async def test_a_client_that_stops_or_is_killed_is_gone(
    tmp_path: Path, goes: Callable[[asyncio.subprocess.Process], None]
) -> None:
    server = Server(tmp_path / "data", HEARTBEAT=f"{HEARTBEAT}")
    token, another, *_ = await populate(server.data, ("general",))
    await server.start()
    raw = await RawSocket.opens(At(server.port), "/ws", f"Authorization: Bearer {another}")
    words = (sys.executable, "-c", CLIENT, f"{server.url}/ws", token)
    client = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    try:
        async with lookout(raw) as shown:
            assert client.stdout
            assert await client.stdout.readline() == b"here\n"
            await until(lambda: shown.of("p0") == "online")
            goes(client)
            began = asyncio.get_running_loop().time()
            await until(lambda: shown.of("p0") == "offline", seconds=1.5 * HEARTBEAT + SLACK)
            print(
                f"a client {goes.__name__}: gone {asyncio.get_running_loop().time() - began:.2f} s after, {HEARTBEAT=}"
            )
    finally:
        if client.returncode is None:
            client.kill()
        await client.wait()
        raw.hangs_up()
        await server.kill()


@pytest.mark.parametrize("is_reset", [True, False], ids=["reset", "hung up"])
async def test_a_connection_that_ends_without_goodbye_is_gone(tmp_path: Path, is_reset: bool) -> None:
    server = Server(tmp_path / "data", HEARTBEAT=f"{HEARTBEAT}")
    token, another, *_ = await populate(server.data, ("general",))
    await server.start()
    raw = await RawSocket.opens(At(server.port), "/ws", f"Authorization: Bearer {another}")
    try:
        async with lookout(raw) as shown:
            other = await RawSocket.opens(At(server.port), "/ws", f"Authorization: Bearer {token}")
            await until(lambda: shown.of("p0") == "online")
            if is_reset:
                now = struct.pack("ii", 1, 0)
                other.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            other.hangs_up()
            began = asyncio.get_running_loop().time()
            await until(lambda: shown.of("p0") == "offline", seconds=1.5 * HEARTBEAT + SLACK)
            print(f"{is_reset=}: gone {asyncio.get_running_loop().time() - began:.2f} s after, {HEARTBEAT=}")
    finally:
        raw.hangs_up()
        await server.kill()
