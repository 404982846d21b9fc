"""The examples of the README are run as a reader would run them."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.command import SECONDS, Chatapp
from tests.support.engine import behind_its_back, unguarded
from tests.support.source import ROOT

EXAMPLES: Final = ROOT / "docs" / "examples"
PASSWORD: Final = "correct horse battery"


@pytest.fixture
def chatapp(tmp_path: Path) -> Chatapp:
    """A chat in which ada has an account."""
    chatapp = Chatapp(tmp_path / "data", cwd=tmp_path)
    chatapp("user", "add", "ada", "--email", "ada@example.org", "--password-stdin", stdin=PASSWORD)
    return chatapp


@contextmanager
def serving(chatapp: Chatapp) -> Iterator[dict[str, str]]:
    """CHAT_URL and CHAT_TOKEN of that chat, running."""
    token = chatapp("token", "create", "ada").out.strip()
    with chatapp.serving() as server:
        yield {**os.environ, "CHAT_URL": server.url, "CHAT_TOKEN": token}


@pytest.fixture
def environ(chatapp: Chatapp) -> Iterator[dict[str, str]]:
    with serving(chatapp) as environ:
        yield environ


@asynccontextmanager
async def started(*argv: str, environ: dict[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(*argv, env=environ, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def post(text: str, environ: dict[str, str]) -> None:
    assert shutil.which("curl"), "The example needs curl; install the package of that name."
    async with started(str(EXAMPLES / "post.sh"), text, environ=environ) as curl:
        out, error = await asyncio.wait_for(curl.communicate(), SECONDS)
        assert curl.returncode == 0, out + error


async def said(listener: Process) -> str:
    assert listener.stdout
    return (await asyncio.wait_for(listener.stdout.readline(), SECONDS)).decode().rstrip()


async def test_what_is_posted_with_curl_is_heard_with_python(environ: dict[str, str]) -> None:
    await post("before anybody listened", environ)
    async with started(sys.executable, str(EXAMPLES / "listen.py"), environ=environ) as listener:
        assert await said(listener) == "ada: before anybody listened"
        await post("deployed ✓", environ)
        assert await said(listener) == "ada: deployed ✓"


async def test_the_listener_is_told_why_it_may_not(environ: dict[str, str]) -> None:
    wrong = {**environ, "CHAT_TOKEN": "chat_personal_wrong"}
    async with started(sys.executable, str(EXAMPLES / "listen.py"), environ=wrong) as listener:
        _, error = await asyncio.wait_for(listener.communicate(), SECONDS)
    assert listener.returncode == 1
    assert b"HTTP 403" in error


async def proved(environ: dict[str, str]) -> tuple[int | None, str]:
    async with started(sys.executable, str(EXAMPLES / "whole.py"), environ=environ) as script:
        out, error = await asyncio.wait_for(script.communicate(), SECONDS)
    return script.returncode, (out + error).decode().rstrip()


async def test_a_script_proves_that_a_room_has_no_hole_and_finds_the_one_it_has(chatapp: Chatapp) -> None:
    with serving(chatapp) as environ:
        assert await proved(environ) == (0, "Complete up to number 0.")
        for text in ("one", "two", "three"):
            await post(text, environ)
        assert await proved(environ) == (0, "Complete up to number 3.")
    with behind_its_back(chatapp.data / "chatapp.db") as connection:
        unguarded(connection)
        assert connection.execute("DELETE FROM messages WHERE content = 'two'").rowcount == 1
    with serving(chatapp) as environ:
        assert await proved(environ) == (1, "A hole: 3 follows 1.")
