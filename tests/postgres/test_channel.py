"""What processes call to each other over the server."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path

from chatapp.storage.postgres_channel import channel
from tests.postgres.several import processes, shared_settings
from tests.support.cast import cast
from tests.support.house import until
from tests.support.postgres import databases


async def test_what_is_said_twice_at_once_is_heard_twice(url: str) -> None:
    """PostgreSQL itself makes one of what a transaction says twice (NOTIFY, in its documentation)."""
    heard: list[str] = []
    said = ['{"taken":1}', '{"held":2}', '{"taken":1}', '{"taken":1}']
    async with channel(url, "chat", heard.append, lambda: None) as line:
        await line.call(said)
        await line.call(said)
        await until(lambda: len(heard) >= 2 * len(said))
    assert [json.loads(each) for each in heard] == [json.loads(each) for each in [*said, *said]]


async def test_two_chats_in_one_database_hear_nothing_of_each_other(tmp_path: Path) -> None:
    """Each has a schema of its own."""
    url = databases().fresh()
    async with AsyncExitStack() as stack:
        people, ears = [], []
        for name in ("one", "other"):
            databases().desk.asks(url, f"CREATE SCHEMA {name}")
            settings = shared_settings(tmp_path / name, f"{url}?options=-csearch_path%3D{name}")
            both = await stack.enter_async_context(processes(2, settings))
            people.append(await (await stack.enter_async_context(cast(both[0].chat, both[0].client))).person("ada"))
            there = both[1].as_seen_here(people[-1])
            stack.push_async_callback(there.goes)
            ears.append(await there.listens_to())
        for said, ada in zip(("first", "second"), people, strict=True):
            await ada.says(said)
        heard = [[message["content"] for message in await ear.hears_messages(1)] for ear in ears]
        assert heard == [["first"], ["second"]]
        stored = [(await ear.subscribes("general"))["messages"] for ear in ears]
        assert [[message["content"] for message in messages] for messages in stored] == heard
