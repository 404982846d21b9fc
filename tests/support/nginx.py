"""A real nginx in front of a server, set up as docs/operating.md says."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.certificate import NAME, certify
from tests.support.needs import lacking
from tests.support.source import ROOT

MAIN: Final = """
{user}
daemon off;
pid {here}/nginx.pid;
error_log {here}/main-error.log;
events {{ worker_connections 256; }}
http {{
    {paths}
{recipe}
}}
"""
TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Proxy:
    """Its two ports, its certificate, and what it has written down."""

    https: int
    http: int
    trust: ssl.SSLContext
    log: Path

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.https}"


def program() -> str:
    """The nginx of this machine; see :func:`lacking` where there is none."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        lacking("nginx")
    return found


def recipe() -> str:
    """The configuration as it stands in the document."""
    found = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "operating.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def proxied(folder: Path, https: int, text: str, backends: Mapping[str, int]) -> AsyncIterator[Proxy]:
    """nginx on loopback, with a certificate of its own making, until the block ends.

    ``text``: its configuration; ``backends``: the ports here of the addresses that are written there.
    """
    http, binary = free_port(), program()
    certify(folder)
    text = text.replace("chat.example.org$request_uri", f"{NAME}:{https}$request_uri")
    for written, ours in {
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl": f"listen 127.0.0.1:{https} ssl",
        **{address: f"127.0.0.1:{port}" for address, port in backends.items()},
        "/etc/ssl/chat.example.org": str(folder),
        "/var/log/nginx": str(folder),
        "chat.example.org": NAME,
    }.items():
        assert written in text, written
        text = text.replace(written, ours)
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in TEMPORARY)
    # A worker that is nobody could not enter the folder of the test.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(user=user, here=folder, paths=paths, recipe=text))
    process = await asyncio.create_subprocess_exec(binary, "-p", str(folder), "-c", str(folder / "nginx.conf"))
    try:
        await _answers(https, process)
        trust = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
        yield Proxy(https, http, trust, folder / "chat.log")
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 10)


async def _answers(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(10):
        while True:
            assert process.returncode is None, "nginx has stopped."
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
