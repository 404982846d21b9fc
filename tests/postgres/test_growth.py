"""The bench asks rooms on a server what it asks of rooms in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import grown
from bench.peers import House
from bench.table import table
from chatapp.bench.scenarios.growth import SEARCHED
from tests.support.postgres_server import Server


def test_rooms_of_two_sizes_are_compared(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATAPP_TEST_POSTGRES", server.url)
    runs = grown.on_postgres(House(tmp_path), 1, sizes=(30, 60), rounds=1)
    assert list(runs) == ["30 messages", "60 messages"]
    for (result,) in runs.values():
        assert result.figures.keys() == {"history page ms", "catch-up of 500 ms", "post ms", *SEARCHED}
    assert table("growth", runs).count(" × |") == len(result.figures)
