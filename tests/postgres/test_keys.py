"""Processes of one chat need the same keys and settings: others are complained of by whoever hears of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import structlog

from chatapp.app import offline
from tests.postgres.several import hear_each_other, know_the_same, processes, shared_settings
from tests.support.server import Server
from tests.support.time import eventually

SAYING = "secrets.differ"


def complaints(server: Server) -> int:
    return sum(SAYING in line for line in server.output)


async def test_other_keys_are_complained_of_on_both_sides(url: str, tmp_path: Path) -> None:
    one, other = (Server(tmp_path / name, DATABASE_URL=url) for name in ("one", "other"))
    try:
        await one.start()
        await other.start()
        assert complaints(other) == 1
        await eventually(lambda: complaints(one) == 1)
        await other.stop()
        # As docs/operating.md says: the file of the one that was there first, on every machine.
        shutil.copy(one.data / "secrets.json", other.data / "secrets.json")
        await other.start()
        assert complaints(other) == 2
        await other.stop()
        await other.start()
        assert (complaints(one), complaints(other)) == (1, 2)
    finally:
        await one.kill()
        await other.kill()


async def test_they_hear_each_other_all_the_same(url: str, either_redis_url: str, tmp_path: Path) -> None:
    """As while one after the other is restarted with new keys."""
    one, other = (shared_settings(tmp_path / name, url, redis_url=either_redis_url) for name in ("one", "other"))
    async with processes(1, one) as first, processes(1, other) as second:
        await hear_each_other([*first, *second])


async def test_other_settings_are_named_by_those_who_were_there(url: str, tmp_path: Path) -> None:
    ours = shared_settings(tmp_path / "data", url, name="Chat", registration="open")
    with structlog.testing.capture_logs() as logs:
        async with processes(2, replace(ours, port=1, log_format="json")) as found:
            async with offline(replace(ours, name="Command")):
                pass
            await know_the_same(found)
            assert [line for line in logs if line["event"] == "settings.differ"] == []
            async with processes(1, replace(ours, base_url="https://chat.example.org", name="chatapp")) as others:
                await know_the_same([*found, *others])
    said = [line["names"] for line in logs if line["event"] == "settings.differ"]
    assert said == ["CHATAPP_BASE_URL, CHATAPP_NAME"] * 2
