"""What a running server shows to the network, and what it refuses to be started with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from chatapp.serving import OPTIMIZED, SLOW_PARSER
from tests.support.command import Chatapp
from tests.support.server import serving

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


@pytest.mark.parametrize(
    ("variable", "sentence"), [("PYTHONOPTIMIZE", OPTIMIZED), ("AIOHTTP_NO_EXTENSIONS", SLOW_PARSER)]
)
@pytest.mark.parametrize("words", [("serve",), ("serve", "--workers", "2"), ("bench",)], ids=" ".join)
def test_a_python_that_has_let_strangers_do_harm_is_refused(
    tmp_path: Path, variable: str, sentence: str, words: tuple[str, ...]
) -> None:
    chatapp = Chatapp(tmp_path / "data")
    # Several processes want a PostgreSQL server: one that nobody gets to ask.
    nowhere = {"CHATAPP_DATABASE_URL": "postgresql://127.0.0.1:1/nowhere"} if "--workers" in words else {}
    result = chatapp(*words, **nowhere, **{variable: "1"})
    assert (result.code, result.out, result.err.strip()) == (1, "", sentence)
    assert not chatapp.data.exists()
