"""Closed browsers are told room by room, and no room has to wait for one that fails."""

from __future__ import annotations

import asyncio

import pytest

from chatapp.core.errors import Unavailable
from chatapp.storage.pushes import Behind
from tests.support.pushing import Scene


async def test_a_room_of_which_nothing_can_be_read_keeps_no_other_from_being_told(
    s: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await s.house.chat.rooms.create(s.ada, name="Ops")
    await s.house.chat.memberships.add(s.ada, "ops", "grace")
    await s.says("nobody can read this")
    await s.says("told all the same", room="ops")
    deciding, plain = s.house.chat.push.pushing.deciding, s.house.chat.push.pushing.deciding._decide

    async def damaged(behind: Behind) -> None:
        if behind.room_id != room.id:
            raise Unavailable
        await plain(behind)

    monkeypatch.setattr(deciding, "_decide", damaged)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await deciding.next()
    monkeypatch.undo()
    while await s.pusher.send():
        await asyncio.gather(*s.pusher._in_hand)
    assert [notice["body"] for notice in s.browser.notices()] == ["told all the same"]
    assert await s.told() == ["told all the same", "nobody can read this"]
