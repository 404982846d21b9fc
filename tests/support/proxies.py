"""A real nginx or Caddy in front of a server, set up as docs/operating.md says."""

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


def program(name: str) -> str:
    """That of this machine; see :func:`lacking` where there is none."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin") or lacking(name)


def recipe(language: str = "nginx") -> str:
    """The configuration as it stands in the document."""
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "docs" / "operating.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def by_nginx(folder: Path, https: int, text: str, backends: Mapping[str, int]) -> AsyncIterator[Proxy]:
    """nginx on loopback, with a certificate of its own making, until the block ends.

    ``text``: its configuration; ``backends``: the ports here of the addresses that are written there.
    """
    http = free_port()
    ours = {
        "chat.example.org$request_uri": f"{NAME}:{https}$request_uri",
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl": f"listen 127.0.0.1:{https} ssl",
        "/etc/ssl/chat.example.org": str(folder),
        "/var/log/nginx": str(folder),
    }
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in TEMPORARY)
    # A worker that is nobody could not enter the folder of the test.
    user = "user root;" if os.geteuid() == 0 else ""
    written = MAIN.format(user=user, here=folder, paths=paths, recipe=_here(text, ours, backends))
    (folder / "nginx.conf").write_text(written)
    async with _running("nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), folder=folder, port=https):
        yield Proxy(https, http, _trust(folder), folder / "chat.log")


@asynccontextmanager
async def by_caddy(folder: Path, https: int, text: str, backends: Mapping[str, int]) -> AsyncIterator[Proxy]:
    """As :func:`by_nginx`, with Caddy."""
    http = free_port()
    ours = {
        "\tservers {": f"\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n\tdefault_bind 127.0.0.1\n\tservers {{",
        "\tlog {": f"\tlog {{\n\t\toutput file {folder}/chat.log",
        "https://chat.example.org": f"https://{NAME}:{https}",
        "\nchat.example.org {": f"\n{NAME} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem",
    }
    (folder / "Caddyfile").write_text(_here(text, ours, backends))
    words = ("run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile"))
    async with _running("caddy", *words, folder=folder, port=https):
        yield Proxy(https, http, _trust(folder), folder / "chat.log")


def _here(text: str, ours: Mapping[str, str], backends: Mapping[str, int]) -> str:
    """The recipe with our ports, paths and name."""
    ports = {address: f"127.0.0.1:{port}" for address, port in backends.items()}
    for written, here in {**ours, **ports, "chat.example.org": NAME}.items():
        assert written in text, written
        text = text.replace(written, here)
    return text


def _trust(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "fullchain.pem"))


@asynccontextmanager
async def _running(name: str, *words: str, folder: Path, port: int) -> AsyncIterator[None]:
    """That program, with a certificate in the folder, answering on the port until the block ends."""
    binary = program(name)
    certify(folder)
    # Caddy keeps what it knows at home.
    environ = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(binary, *words, env=environ)
    try:
        await _answers(port, process)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 10)


async def _answers(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(10):
        while True:
            assert process.returncode is None, "The proxy has stopped."
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
