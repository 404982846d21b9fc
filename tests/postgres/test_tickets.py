"""A ticket that one process has given another takes, and of all of them one."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import WSServerHandshakeError

from tests.gateway.test_tickets import ticket
from tests.postgres.several import Process
from tests.support.cast import Actor, Ear


async def test_a_ticket_opens_a_socket_to_any_process(both: list[Process], ada: Actor) -> None:
    secret = await ticket(ada)
    ear = Ear(await both[1].client.ws_connect(f"/ws?token={secret}"))
    assert (await ear.frame())["user"]["username"] == "ada"
    with pytest.raises(WSServerHandshakeError, match="403"):
        await both[0].client.ws_connect(f"/ws?token={secret}")
    await ear.ws.close()


async def test_of_many_at_once_to_both_one_gets_in(both: list[Process], ada: Actor) -> None:
    secret = await ticket(ada)
    tries = [both[number % 2].client.ws_connect(f"/ws?token={secret}") for number in range(20)]
    came = await asyncio.gather(*tries, return_exceptions=True)
    opened = [each for each in came if not isinstance(each, BaseException)]
    assert len(opened) == 1
    assert {each.status for each in came if isinstance(each, WSServerHandshakeError)} == {403}
    await opened[0].close()
