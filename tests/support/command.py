"""``python -m chatapp`` as its users meet it: a process with an environment, a code and two streams."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest import mock

import pytest

from chatapp.cli import main
from tests.support.engine import environ_of
from tests.support.source import ROOT

SECONDS: Final = 60


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Server:
    """A running ``serve`` and what it printed."""

    url: str
    setup_link: str
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """Ask it to stop as an operator does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


@dataclass
class Terminal:
    """What a command shows, and a way to type at it."""

    process: subprocess.Popen[bytes]
    handle: int
    screen: str = ""

    def shows(self, text: str, times: int = 1) -> None:
        """Read the screen until the text has come that often."""
        while self.screen.count(text) < times:
            self._read()

    def is_asked(self, text: str) -> None:
        """As :meth:`shows`, and until the command waits for what is typed: a signal right before that is lost to it."""
        self.shows(text)
        deadline = time.monotonic() + SECONDS
        while Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2][0] != "S":
            assert time.monotonic() < deadline, "It never came to wait."

    def types(self, line: str) -> None:
        os.write(self.handle, f"{line}\n".encode())

    def ends(self) -> int:
        """Read the rest of the screen; return the exit code."""
        # A terminal whose other end is closed is an input/output error, not an end of file.
        with contextlib.suppress(OSError):
            while True:
                self._read()
        return self.process.wait(SECONDS)

    def _read(self) -> None:
        ready, _, _ = select.select([self.handle], [], [], SECONDS)
        assert ready, f"Nothing more came after: {self.screen!r}"
        self.screen += os.read(self.handle, 4096).decode()


@dataclass(frozen=True)
class Chatapp:
    """The command line on one data folder; ``environ`` holds nothing of the machine's settings."""

    data: Path
    python: str = sys.executable
    cwd: Path | None = None
    pythonpath: str = str(ROOT)
    prefix: tuple[str, ...] = ()

    @property
    def environ(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("CHATAPP_")}
        fast = {"CHATAPP_PASSWORD_MEMORY_KIB": "64", "CHATAPP_PORT": "0"}
        return {**own, **fast, **environ_of(self.data), "CHATAPP_DATA": str(self.data), "PYTHONPATH": self.pythonpath}

    def argv(self, words: Sequence[str]) -> list[str]:
        return [*self.prefix, self.python, "-m", "chatapp", *words]

    def __call__(self, *words: str, stdin: str = "", **more: str) -> Result:
        """Run a command to its end; never on a terminal."""
        done = subprocess.run(
            self.argv(words),
            input=stdin,
            env={**self.environ, **more},
            cwd=self.cwd,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def on_a_terminal(self, *words: str) -> Iterator[Terminal]:
        """The command with a keyboard and a screen."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self.argv(words),
            env=self.environ,
            cwd=self.cwd,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        with process:
            try:
                yield Terminal(process, ours)
            finally:
                process.kill()
                os.close(ours)

    @contextmanager
    def serving(self, **more: str) -> Iterator[Server]:
        """A server on a free port, until the block ends."""
        process = subprocess.Popen(
            self.argv(["serve"]),
            env={**self.environ, **more},
            cwd=self.cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with process:
            try:
                yield _greeting(process)
            finally:
                process.kill()


class Here(Chatapp):
    """The command line within this process: the same codes and streams, without the start of a Python each time."""

    def __call__(self, *words: str, stdin: str = "", **more: str) -> Result:
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, {**self.environ, **more}),
            mock.patch.multiple(sys, argv=["chatapp", *words], stdin=io.StringIO(stdin), stdout=out, stderr=err),
            pytest.raises(SystemExit) as end,
        ):
            main()
        assert isinstance(end.value.code, int)
        return Result(end.value.code, out.getvalue(), err.getvalue())


def _greeting(process: subprocess.Popen[str]) -> Server:
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl+C" in line:
            break
    urls = re.findall(r"https?://\S+", said)
    assert urls, f"The server said nothing of its address: {said!r}"
    return Server(urls[0], urls[1] if len(urls) > 1 else "", process)
