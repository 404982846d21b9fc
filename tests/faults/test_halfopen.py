"""Who is gone without a word: the server lets go of all that was theirs within one and a half heartbeats."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

from tests.faults.crowd import populate
from tests.faults.figures import sockets
from tests.faults.network import ADDRESSES, Network, two_machines
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import Server
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


async def test_when_the_network_falls_silent_the_sockets_are_gone(tmp_path: Path) -> None:
    async with two_machines() as network:
        settings = {"HEARTBEAT": HEARTBEAT, "STALLED_SECONDS": HEARTBEAT, "SOCKETS_PER_PERSON": OPEN}
        server = Server(
            tmp_path / "data",
            under=network.on_the_server,
            HOST=ADDRESSES["server"],
            **{name: str(value) for name, value in settings.items()},
        )
        token, *_ = await populate(server.data, ("general",))
        await server.start()
        try:
            for role in ADDRESSES:
                silence = network.lose_what_is_said_by(role)
                await goes_silent(network, server, token, silence, f"what the {role} says is lost")
                await network.hear_again_what_is_said_by(role)
            await goes_silent(network, server, token, network.pull_the_cable(), "the cable is pulled")
        finally:
            await server.kill()


async def goes_silent(network: Network, server: Server, token: str, silence: Awaitable[None], what: str) -> None:
    before, said = sockets(server.pid), closed(server)
    raws = [await network.open("client", server.port, token) for _ in range(OPEN)]
    assert sockets(server.pid) == before + OPEN
    # The first only listens.
    talking = [asyncio.create_task(talks_on(raw)) for raw in raws[1:]]
    for raw in raws[1:]:
        await raw.hears()
    await silence
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await until(lambda: closed(server) == said + OPEN, seconds=BOUND + SLACK)
        took = loop.time() - began
        await until(lambda: sockets(server.pid) == before)
        # Their places are free as well: the person may come again, from wherever the network still works.
        again = [await network.open("server", server.port, token) for _ in range(OPEN)]
        for raw in again:
            assert await raw.is_alive()
            raw.hangs_up()
        await until(lambda: sockets(server.pid) == before)
    finally:
        for task in talking:
            task.cancel()
    print(f"half-open, {what}: {OPEN} sockets gone {took:.2f} s after, with a heartbeat of {HEARTBEAT} s")
