"""What a running server shows to the network, and what it complains of at its start."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.support.engine import HASTE
from tests.support.server import Server, serving

LISTENS: Final = "0A"
HERE: Final = "0100007F"


def listening(pid: int) -> list[tuple[str, int]]:
    """The address, in hexadecimal, and the port of every socket of the process that waits for connections."""
    own = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTENS and f"socket:[{inode}]" in own:
                address, port = local.split(":")
                found.append((address, int(port, 16)))
    return found


async def test_one_port_is_open_and_to_this_machine_only(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server:
        assert listening(server.pid) == [(HERE, server.port)]


def complaints(server: Server) -> list[str]:
    """But for those about a PostgreSQL server of the tests, which is in a hurry."""
    return [line for line in server.output if "settings.warning" in line and HASTE not in line]


async def test_a_risky_python_is_complained_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(tmp_path / "data") as server:
        assert not complaints(server)
        await server.stop()
        monkeypatch.setenv("AIOHTTP_NO_EXTENSIONS", "1")
        monkeypatch.setenv("PYTHONOPTIMIZE", "1")
        await server.start()
        said = complaints(server)
    assert len(said) == 2
    assert "compiled parser" in said[0]
    assert "-O" in said[1]
