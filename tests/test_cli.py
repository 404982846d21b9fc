"""The command line sets a server up without a browser; it fails with a code and a sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

import click
import pytest
from click.testing import CliRunner

from chatapp import __main__, __version__
from chatapp.cli import cli
from tests.support.command import Chatapp, Here, Result
from tests.support.engine import HASTE, unmigrated

PASSWORD: Final = "correct horse battery"


@pytest.fixture
def chatapp(tmp_path: Path) -> Chatapp:
    return Here(tmp_path / "data", cwd=tmp_path)


@pytest.fixture
def with_ada(chatapp: Chatapp) -> Chatapp:
    add(chatapp, "ada", "--admin")
    return chatapp


def add(chatapp: Chatapp, name: str, *more: str) -> Result:
    return chatapp("user", "add", name, "--email", f"{name}@example.org", "--password-stdin", *more, stdin=PASSWORD)


def fails(result: Result) -> str:
    """The one sentence of a failure: on stderr, without a traceback."""
    assert (result.code, result.out) == (1, "")
    assert "Traceback" not in result.err
    (sentence,) = (line for line in result.err.splitlines() if HASTE not in line)
    return sentence


def every_command() -> Iterator[list[str]]:
    yield []
    for name, command in cli.commands.items():
        yield [name]
        if isinstance(command, click.Group):
            yield from ([name, child] for child in command.commands)


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_help_is_everywhere(words: list[str]) -> None:
    shown = CliRunner().invoke(cli, [*words, "--help"])
    assert shown.exit_code == 0
    assert shown.stdout.startswith("Usage:")
    assert shown.stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["user"],
        ["user", "add", "ada"],
        ["user", "add", "--email", "ada@example.org"],
        ["room", "add", "ops", "--open"],
        ["token", "create", "ada", "--days", "0"],
        ["serve", "now"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(chatapp: Chatapp, words: list[str]) -> None:
    result = chatapp(*words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage:")
    assert not chatapp.data.exists()


def test_a_process_of_its_own_ends_with_the_same_code(tmp_path: Path) -> None:
    apart = Chatapp(tmp_path / "data", cwd=tmp_path)
    assert apart("dance").code == 2
    assert "There is no setting CHATAPP_PROT." in fails(apart("serve", CHATAPP_PROT="80"))


def test_the_command_and_the_module_start_alike() -> None:
    (command,) = (found for found in entry_points(group="console_scripts") if found.name == "chatapp")
    assert command.load() is __main__.main


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_whoever_hears_that_it_runs_may_stop_it_at_once(chatapp: Chatapp, name: str) -> None:
    stopped_at_once = (
        "import builtins, os, signal; from chatapp import __main__\n"
        "def told(*words, say=print, **more):\n"
        "    say(*words, **more)\n"
        f"    if 'Ctrl+C' in str(words): os.kill(os.getpid(), signal.{name})\n"
        "builtins.print = told; __main__.main()"
    )
    argv = [sys.executable, "-c", stopped_at_once, "serve"]
    done = subprocess.run(argv, check=False, timeout=30, capture_output=True, env=chatapp.environ)
    assert (done.returncode, b"Ctrl+C" in done.stdout) == (0, True)


def test_the_version_is_printed(chatapp: Chatapp) -> None:
    expected = Result(0, f"chatapp {__version__}\n", "")
    assert chatapp("version") == chatapp("--version") == expected


def test_an_added_user_is_listed(with_ada: Chatapp) -> None:
    assert add(with_ada, "grace", "--display-name", "Grace Lin") == Result(0, "Added grace.\n", "")
    rows = [line.split("\t") for line in with_ada("user", "list").out.splitlines()]
    assert sorted(rows) == [
        ["ada", "ada@example.org", "admin", "ada"],
        ["grace", "grace@example.org", "active", "Grace Lin"],
    ]


def test_a_disabled_user_is_shut_out_until_enabled(with_ada: Chatapp) -> None:
    add(with_ada, "grace")
    assert with_ada("user", "disable", "Grace") == Result(0, "Disabled grace.\n", "")
    assert "grace\tgrace@example.org\tdisabled" in with_ada("user", "list").out
    assert with_ada("user", "enable", "grace").code == 0
    assert "grace\tgrace@example.org\tactive" in with_ada("user", "list").out
    assert "hopper" in fails(with_ada("user", "disable", "hopper"))


def test_a_name_that_is_taken_is_refused(with_ada: Chatapp) -> None:
    refused = with_ada("user", "add", "ADA", "--email", "a@example.org", "--password-stdin", stdin=PASSWORD)
    assert fails(refused).startswith("username:")
    assert with_ada("user", "list").out.count("\n") == 1


def test_every_wrong_field_gets_a_line(chatapp: Chatapp) -> None:
    result = chatapp("user", "add", "a", "--email", "nowhere", "--password-stdin", stdin="short")
    assert (result.code, result.out) == (1, "")
    assert {line.partition(":")[0] for line in result.err.splitlines()} == {"username", "email", "password"}


def test_a_short_password_is_refused(chatapp: Chatapp) -> None:
    refused = chatapp("user", "add", "ada", "--email", "a@example.org", "--password-stdin", stdin="short\n")
    assert "password" in fails(refused).lower()


def test_without_a_terminal_nothing_is_asked(chatapp: Chatapp) -> None:
    result = chatapp("user", "add", "ada", "--email", "ada@example.org")
    assert result.code == 2
    assert "--password-stdin" in result.err


def test_on_a_terminal_the_password_is_asked_twice_and_not_shown(chatapp: Chatapp) -> None:
    with chatapp.on_a_terminal("user", "add", "ada", "--email", "ada@example.org") as terminal:
        terminal.shows("Password:")
        terminal.types(PASSWORD)
        terminal.shows("Repeat for confirmation:")
        terminal.types(PASSWORD)
        assert terminal.ends() == 0
    assert "Added ada." in terminal.screen
    assert PASSWORD not in terminal.screen
    assert chatapp("user", "list").out.startswith("ada\t")


def test_an_interrupted_command_ends_with_130(chatapp: Chatapp) -> None:
    with chatapp.on_a_terminal("user", "add", "ada", "--email", "ada@example.org") as terminal:
        terminal.is_asked("Password: ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.ends() == 130
    assert "Traceback" not in terminal.screen


def test_a_room_belongs_to_the_first_admin(with_ada: Chatapp) -> None:
    assert with_ada("room", "add", "ops", "--name", "Operations") == Result(0, "Added ops.\n", "")
    assert "ops" in fails(with_ada("room", "add", "ops"))


def test_a_closed_room_gets_an_address_that_nobody_guesses(with_ada: Chatapp) -> None:
    assert re.fullmatch(r"Added ops-[0-9a-f]{8}\.\n", with_ada("room", "add", "ops", "--closed").out)


def test_a_room_needs_an_owner(chatapp: Chatapp) -> None:
    assert "admin" in fails(chatapp("room", "add", "ops"))


def test_a_token_is_printed_alone(with_ada: Chatapp) -> None:
    printed = with_ada("token", "create", "Ada", "--days", "7")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("chat_")
    assert printed.out.split() == [printed.out.strip()]


def test_there_is_no_token_for_nobody(with_ada: Chatapp) -> None:
    assert "grace" in fails(with_ada("token", "create", "grace"))


def test_an_invite_is_a_link(with_ada: Chatapp) -> None:
    printed = with_ada("invite", "create", CHATAPP_BASE_URL="https://chat.example.org")
    assert printed.out.startswith("https://chat.example.org/join/")
    assert printed.code == 0


def test_migrating_twice_changes_nothing(chatapp: Chatapp) -> None:
    database = unmigrated()
    assert chatapp("migrate", **database).out.startswith("Applied 0001")
    assert chatapp("migrate", **database).out == "Nothing to apply.\n"
    assert chatapp.data.stat().st_mode & 0o777 == 0o700


def test_settings_are_shown_without_secrets(chatapp: Chatapp) -> None:
    printed = chatapp("settings", CHATAPP_NAME="Tea room", CHATAPP_SHARED_JWT_SECRET="s" * 32)
    assert "CHATAPP_NAME=Tea room\n" in printed.out
    assert "CHATAPP_SHARED_JWT_SECRET=***\n" in printed.out
    assert "s" * 32 not in printed.out


def test_every_wrong_setting_gets_a_line(chatapp: Chatapp) -> None:
    result = chatapp("serve", CHATAPP_PORT="high", CHATAPP_PROT="80")
    assert (result.code, result.out) == (1, "")
    assert [line.split()[0] for line in result.err.splitlines()] == ["There", "CHATAPP_PORT:"]


@pytest.mark.file_only("there several processes may share the database")
def test_a_file_has_one_worker(chatapp: Chatapp) -> None:
    result = chatapp("serve", "--workers", "2")
    assert (result.code, result.out) == (2, "")
    assert "CHATAPP_DATABASE_URL" in result.err
    assert not chatapp.data.exists()


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_number_of_workers_is_a_number(chatapp: Chatapp, count: str) -> None:
    result = chatapp("serve", "--workers", count)
    assert (result.code, result.out) == (2, "")
    assert "--workers" in result.err


def test_a_data_folder_that_is_a_file_is_refused(chatapp: Chatapp) -> None:
    chatapp.data.write_text("")
    assert str(chatapp.data) in fails(chatapp("user", "list"))


def test_a_port_in_use_is_refused(chatapp: Chatapp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in fails(Chatapp(chatapp.data)("serve", CHATAPP_PORT=str(port)))


def test_a_port_that_is_not_for_this_user_is_named(chatapp: Chatapp) -> None:
    powerless = ("setpriv", "--bounding-set", "-net_bind_service") if os.geteuid() == 0 else ()
    result = Chatapp(chatapp.data, prefix=powerless)("serve", CHATAPP_PORT="80")
    assert result.code == 1
    assert result.err.startswith("CHATAPP_PORT is 80: this user may not listen there. A port below 1024 ")


@pytest.mark.parametrize("host", ["nowhere.invalid", "[::1]", "127.0.0.1,::1"])
def test_a_host_that_is_none_is_named(chatapp: Chatapp, host: str) -> None:
    assert f"CHATAPP_HOST is '{host}': " in Chatapp(chatapp.data)("serve", CHATAPP_HOST=host).err


def test_a_script_sets_up_a_server_without_a_browser(with_ada: Chatapp) -> None:
    with_ada("room", "add", "ops", "--closed")
    token = with_ada("token", "create", "ada").out.strip()
    with with_ada.serving() as server:
        assert server.setup_link == ""
        rooms = get_json(f"{server.url}/api/v1/rooms", token)
        assert "ops" in json.dumps(rooms)
        assert server.stop() == 0


@pytest.mark.file_only("there commands work beside a server: tests/postgres/test_start.py")
def test_while_a_server_runs_other_commands_refuse(with_ada: Chatapp) -> None:
    with with_ada.serving() as server:
        sentence = fails(with_ada("user", "list"))
        assert str(server.process.pid) in sentence
        assert fails(Chatapp(with_ada.data)("serve")) == sentence
        assert fails(with_ada("migrate")) == sentence


def test_a_first_start_prints_the_setup_link(chatapp: Chatapp) -> None:
    with chatapp.serving() as server:
        assert server.setup_link.startswith(f"{server.url}/setup?code=")
        with urllib.request.urlopen(server.setup_link) as page:
            assert page.status == 200


def get_json(url: str, token: str) -> object:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
