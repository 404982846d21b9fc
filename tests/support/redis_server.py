"""A Redis server of our own, to be killed and started: ``redis-server`` of the system, or the one on the path that
``CHATAPP_TEST_REDIS`` names (a program, since a server that others use is not to be killed)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from typing import Final, Self

from tests.support.needs import lacking

START_SECONDS: Final = 30.0


class RedisServer:
    """Killed, it forgets who was subscribed; started again, it is at the same place."""

    def __init__(self) -> None:
        names = (os.environ.get("CHATAPP_TEST_REDIS", ""), "redis-server", "valkey-server")
        program = next(filter(None, map(shutil.which, names)), None)
        if program is None:
            lacking("redis-server")
        self._program = program
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = ["--port", f"{self.port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [self._program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
        )
        give_up = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < give_up, "redis-server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self, *, thaws: bool = False) -> None:
        """It answers nobody, keeps its connections, and takes what comes; until it ``thaws``."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT if thaws else signal.SIGSTOP)

    def does(self, command: str) -> None:
        with socket.create_connection(("127.0.0.1", self.port), START_SECONDS) as line:
            line.sendall(command.encode() + b"\r\n")
            assert line.recv(1) in {b"+", b":"}

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(5) == b"+PONG"
        except OSError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
