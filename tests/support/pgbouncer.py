"""PgBouncer in front of a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.support.needs import lacking
from tests.support.postgres_server import NOBODY
from tests.support.proxies import free_port

START_SECONDS: Final = 30.0
SETTINGS: Final = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
logfile = {log}
"""


@contextmanager
def pooled(url: str, mode: str) -> Iterator[str]:
    """The same database by way of it; ``mode`` is its ``pool_mode``."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        lacking("pgbouncer")
    far, own = urlsplit(url), free_port()
    with tempfile.TemporaryDirectory(prefix="chatapp-pgbouncer-") as name:
        # Root it refuses to be.
        Path(name).chmod(0o777)
        words = {"host": far.hostname, "port": far.port or 5432, "user": far.username}
        settings = Path(name, "pgbouncer.ini")
        settings.write_text(SETTINGS.format(**words, own=own, mode=mode, log=Path(name, "log")))
        who = ["-u", NOBODY] if os.geteuid() == 0 else []
        process = subprocess.Popen([program, "-q", *who, settings])
        try:
            _wait_for(Path(name, "log"))
            yield f"postgresql://{far.username}@127.0.0.1:{own}{far.path}"
        finally:
            process.kill()
            process.wait()


def _wait_for(log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while not (log.exists() and "process up" in log.read_text()):
        assert time.monotonic() < give_up, "pgbouncer does not start"
        time.sleep(0.01)
