"""The chat as its users run it: a process of its own, on a free port, that can be killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from chatapp.storage import secrets
from tests.support.engine import environ_of
from tests.support.leaks import WATCH
from tests.support.source import ROOT

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 60.0
PASSWORD: Final = "correct horse battery"


class Server:
    """``python -m chatapp`` on one data folder. Started again, it listens on the same port.

    ``under``: the words of a program that runs it, as ``fiu-run`` does; it must become the server (exec).
    ``workers``: how many processes share its port.
    """

    def __init__(self, data: Path, *, under: Sequence[str] = (), **settings: str) -> None:
        self.data = data
        self.url = ""
        self.setup_link = ""
        self.output: list[str] = []
        self._under = under
        self.workers = 1
        self._settings = {"PASSWORD_MEMORY_KIB": "64", "PORT": "0", **settings}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    async def start(self) -> None:
        process = await self._spawn("serve", *(["--workers", f"{self.workers}"] if self.workers > 1 else []))
        self._process = process
        started = asyncio.Event()
        self._reading = [
            asyncio.create_task(self._read(process.stdout, started, lambda _line: None)),
            asyncio.create_task(self._read(process.stderr, started, WATCH.heard)),
        ]
        async with asyncio.timeout(START_SECONDS):
            await started.wait()
        assert self.url, "\n".join(self.output)
        self._settings["PORT"] = str(self.port)
        # Notes the keys it has, which its log must not show.
        secrets.load(self.data)

    async def kill(self) -> None:
        """As a power switch would: no goodbye."""
        await self._stop(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        return await self._stop(signal.SIGTERM)

    async def exit_code(self) -> int:
        """Once it has ended by itself."""
        assert self._process is not None
        return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def run(self, *arguments: str, stdin: str = "") -> str:
        """A command of the command line; what it printed. The server must not be running."""
        process = await self._spawn(*arguments)
        out, error = await asyncio.wait_for(process.communicate(stdin.encode()), START_SECONDS)
        assert process.returncode == 0, error.decode()
        return out.decode().strip()

    async def add_person(self, username: str, *, display_name: str = "", is_admin: bool = False) -> str:
        """An account with :data:`PASSWORD`; its personal token."""
        more = ["--admin"] if is_admin else []
        await self.run(
            *("user", "add", username, "--email", f"{username}@example.org", "--password-stdin"),
            *("--display-name", display_name or username.title(), *more),
            stdin=PASSWORD + "\n",
        )
        token = await self.run("token", "create", username)
        WATCH.must_not_show(token)
        return token

    async def _spawn(self, *arguments: str) -> asyncio.subprocess.Process:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CHATAPP_")}
        ours = {f"CHATAPP_{name}": value for name, value in self._settings.items()}
        return await asyncio.create_subprocess_exec(
            *(*self._under, sys.executable, "-m", "chatapp", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**plain, **environ_of(self.data), **ours, "CHATAPP_DATA": str(self.data), "PYTHONPATH": str(ROOT)},
        )

    async def _read(
        self, stream: asyncio.StreamReader | None, started: asyncio.Event, note: Callable[[str], None]
    ) -> None:
        assert stream is not None
        while line := (await stream.readline()).decode():
            self.output.append(line.rstrip())
            note(line)
            if found := re.search(r"running on\s+(\S+)", line):
                self.url = found[1]
            if found := re.search(r"(\S+/setup\?code=\S+)", line):
                self.setup_link = found[1]
            if line.startswith("Stop it"):
                started.set()
        started.set()

    async def _stop(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        code = await asyncio.wait_for(process.wait(), STOP_SECONDS)
        await asyncio.gather(*self._reading)
        return code


@asynccontextmanager
async def serving(data: Path, **settings: str) -> AsyncIterator[Server]:
    """A running server, killed at the end whatever happened."""
    server = Server(data, **settings)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()
