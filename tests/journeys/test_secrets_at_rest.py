"""Who can look at the machine sees no secret: not in the modes of files, not in the list of processes."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.command import Chatapp
from tests.support.engine import FILES
from tests.support.server import Server, serving


def process(server: Server, file: str) -> str:
    assert server._process
    return Path(f"/proc/{server._process.pid}/{file}").read_text(errors="replace")


async def test_files_are_the_owners_and_processes_tell_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        secret = "a secret that two programs share, long enough"
        path = tmp_path / "shared"
        path.write_text(secret)
        more = {"SHARED_JWT_SECRET_FILE": str(path), "SMTP_URL": "smtp://127.0.0.1:1"}
        async with serving(tmp_path / "data", **more) as server:
            data = tmp_path / "data"
            modes = {found.name: found.stat().st_mode & 0o777 for found in data.iterdir()}
            assert modes.keys() >= FILES
            assert set(modes.values()) == {0o600}
            assert data.stat().st_mode & 0o777 == 0o700
            assert secret not in process(server, "cmdline") + process(server, "environ")
            assert server._process
            children = process(server, f"task/{server._process.pid}/children").split()
            assert children == []
    finally:
        os.umask(before)


def test_settings_are_shown_with_stars(tmp_path: Path) -> None:
    secret = "a secret that two programs share, long enough"
    shown = Chatapp(tmp_path / "data")(
        "settings", CHATAPP_SHARED_JWT_SECRET=secret, CHATAPP_SMTP_URL="smtp://ada:hunter2@mail.example"
    )
    assert shown.code == 0
    assert "CHATAPP_SHARED_JWT_SECRET=***" in shown.out
    assert secret not in shown.out + shown.err
    assert "hunter2" not in shown.out + shown.err


def test_keys_that_others_can_read_stop_the_start(tmp_path: Path) -> None:
    chatapp = Chatapp(tmp_path / "data")
    assert chatapp("user", "list").code == 0
    (tmp_path / "data" / "secrets.json").chmod(0o644)
    refused = chatapp("serve")
    assert (refused.code, refused.out) == (1, "")
    assert "chmod 600" in refused.err
