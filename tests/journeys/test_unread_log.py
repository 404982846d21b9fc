"""Who keeps the log may stand still, go away or run out of disk: the chat goes on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession

from tests.support.command import Chatapp, Here, Server

# Of their lines a pipe takes less than half.
REQUESTS: Final = 1_000


def onto(data: Path, streams: str) -> Chatapp:
    return Chatapp(data, prefix=("sh", "-c", f'exec "$0" "$@" {streams}'))


async def goes_on(server: Server, token: str) -> None:
    """Answers as many as come, stores what is said, and stops as it should."""
    async with ClientSession() as session, asyncio.timeout(60):
        for _ in range(REQUESTS):
            async with session.get(f"{server.url}/api/v1/me") as answer:
                assert answer.status == 401
        bearer = {"Authorization": f"Bearer {token}"}
        said = {"content": "hello"}
        async with session.post(f"{server.url}/api/v1/rooms/general/messages", json=said, headers=bearer) as answer:
            assert answer.status == 201
    assert server.stop() == 0


@pytest.fixture
def token(tmp_path: Path) -> str:
    chatapp = Here(tmp_path / "data")
    chatapp("user", "add", "ada", "--email", "ada@example.org", "--password-stdin", stdin="correct horse battery\n")
    return chatapp("token", "create", "ada").out.strip()


@pytest.mark.parametrize("is_gone", [False, True], ids=["who stands still", "who is gone"])
async def test_a_pipe_that_nobody_reads_holds_nobody_up(tmp_path: Path, token: str, is_gone: bool) -> None:
    pipe = tmp_path / "log"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with onto(tmp_path / "data", f"2>{pipe}").serving() as server:
        if is_gone:
            os.close(reader)
        await goes_on(server, token)
    if not is_gone:
        os.close(reader)


@pytest.mark.parametrize("place", ["/dev/full", "&-"], ids=["a full disk", "closed"])
async def test_a_log_that_cannot_be_written_costs_no_answer(tmp_path: Path, token: str, place: str) -> None:
    with onto(tmp_path / "data", f"2>{place}").serving() as server:
        await goes_on(server, token)


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_command_whose_streams_are_closed_does_what_it_should(tmp_path: Path, closed: str) -> None:
    """The database had the descriptor of the one that was missing."""
    assert onto(tmp_path / "data", closed)("user", "list").code == 0
