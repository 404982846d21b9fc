"""The measured server: a process on a core of its own, and what it uses of the machine (Linux, proc(5))."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from chatapp.bench.errors import Unable

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
CORES: Final = sorted(os.sched_getaffinity(0))
PAGE_KIB: Final = os.sysconf("SC_PAGE_SIZE") // 1024
# The database, the log, libraries: beside the sockets themselves.
SPARE_DESCRIPTORS: Final = 200


@dataclass(frozen=True)
class Server:
    """A running server that can be looked at."""

    pid: int
    address: tuple[str, int]

    def cpu_seconds(self) -> float:
        """Of all its threads, in user and kernel mode, since it started."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_kib(self) -> int:
        """What it holds of the machine's memory now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_KIB


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], *, says: str = "", port: int = 0, log: Path | None = None
) -> Iterator[Server]:
    """Start a server, wait until it takes connections, stop it at the end.

    Its address is either the first URL on its stdout, in a text that ends with ``says``, or ``port``. What it writes to
    stderr goes to ``log``. Raises ``Unable`` when it does not come up.
    """
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("wb")) if log else None
        process: subprocess.Popen[bytes] | None = None
        try:
            with _held_back():
                # In a session of its own: Ctrl+C is for whoever measures, who then stops it.
                process = subprocess.Popen(  # noqa: S603 - the command is the caller's, never what somebody typed
                    list(command),
                    env=dict(environ),
                    stdout=subprocess.PIPE if says else errors or subprocess.DEVNULL,
                    stderr=errors or subprocess.DEVNULL,
                    start_new_session=True,
                )
            pin(process.pid, 0)
            address = ("127.0.0.1", _printed_port(process, says) if says else port)
            _wait_for(process, address, log)
            yield Server(process.pid, address)
        finally:
            if process is not None:
                with _held_back():
                    _stop(process)


def busy_seconds() -> float:
    """What all processes of the machine have used of all its cores since it started."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def chatapp(
    environ: Mapping[str, str], log: Path | None = None, program: Sequence[str] = ("chatapp", "serve")
) -> contextlib.AbstractContextManager[Server]:
    """``chatapp serve`` on a free port, with these settings; ``program`` is the module that does it, and its words."""
    command = [sys.executable, "-m", *program]
    return running(command, {**environ, "CHATAPP_PORT": "0"}, says="Ctrl+C", log=log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pin(pid: int, place: int) -> None:
    """Keep a process on the first core (place 0) or the last (place -1), where there are several."""
    if len(CORES) > 1:
        os.sched_setaffinity(pid, {CORES[place]})


@contextmanager
def apart() -> Iterator[None]:
    """Keep this process off the servers' core until the block ends."""
    pin(0, -1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, CORES)


def needs_descriptors(sockets: int) -> None:
    """Allow this process, and the servers it starts, that many sockets. Raises ``Unable``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sockets + SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise Unable(
            f"{sockets} sockets need {wanted} open files, and this shell allows {hard}. "
            f"Raise it (ulimit -Hn {wanted}, or LimitNOFILE= in a unit of systemd), or measure with fewer sockets."
        )
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _held_back() -> Iterator[None]:
    """Keep Ctrl+C and SIGTERM until the block ends: a server that is just starting would be left behind."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda n, _: caught.append(n)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for late in caught:
        signal.raise_signal(late)


def _wait_for(process: subprocess.Popen[bytes], address: tuple[str, int], log: Path | None) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(address) == 0:
                return
        time.sleep(0.02)
    said = log.read_text(errors="replace")[-2000:] if log else ""
    raise Unable(f"The server did not come up: {' '.join(map(str, process.args))}\n{said}".rstrip())  # type: ignore[arg-type]


def _printed_port(process: subprocess.Popen[bytes], says: str) -> int:
    said = ""
    stdout: IO[bytes] | None = process.stdout
    for line in stdout or ():
        said += line.decode()
        if says in said:
            break
    found = re.search(r"http://[^\s:/]+:(\d+)", said)
    if not found:
        raise Unable(f"The server did not say where it listens: {said!r}")
    return int(found[1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
