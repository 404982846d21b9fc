"""What processes call to each other over the server."""

from __future__ import annotations

import json

from chatapp.storage.postgres_channel import channel
from tests.support.house import until


async def test_what_is_said_twice_at_once_is_heard_twice(url: str) -> None:
    """PostgreSQL itself makes one of what a transaction says twice (NOTIFY, in its documentation)."""
    heard: list[str] = []
    said = ['{"taken":1}', '{"held":2}', '{"taken":1}', '{"taken":1}']
    async with channel(url, heard.append, lambda: None) as line:
        await line.call(said)
        await line.call(said)
        await until(lambda: len(heard) >= 2 * len(said))
    assert [json.loads(each) for each in heard] == [json.loads(each) for each in [*said, *said]]
