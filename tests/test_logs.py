"""A line of the log says when, can be read by a machine, and cannot be forged."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal

import pytest
import structlog

from chatapp import logs
from chatapp.settings import Settings
from tests.support.leaks import Watch

FORGED: Final = "/rooms/a\r\n2026-01-01 [info] request status=200\x1b[31m\x85\u2028\u202e"
Form = Literal["text", "json"]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root, parser = logging.getLogger(), logging.getLogger("aiohttp.server")
    before = (root.handlers[:], root.level, parser.handlers[:], parser.propagate)
    was_set_up = structlog.get_config()
    yield
    structlog.configure(**was_set_up)
    root.handlers[:], parser.handlers[:], parser.propagate = before[0], before[2], before[3]
    root.setLevel(before[1])


def written(form: Form, capsys: pytest.CaptureFixture[str], **values: object) -> str:
    """What stderr holds after one event."""
    logs.set_up(Settings(log_format=form))
    structlog.get_logger("chatapp.access").warning("request", **values)
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def test_a_line_of_json_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    entry = json.loads(written("json", capsys, path=FORGED))
    assert (entry["event"], entry["level"], entry["path"]) == ("request", "warning", FORGED)


def test_a_line_is_written_in_one_piece() -> None:
    """Of workers that share an unbuffered stderr one would write between the line of another and its end."""
    pieces: list[str] = []

    class Stream(io.StringIO):
        def write(self, piece: str) -> int:
            pieces.append(piece)
            return len(piece)

    logs.set_up(Settings(log_format="json"), Stream())
    structlog.get_logger().warning("request")
    (piece,) = pieces
    assert piece.endswith("}\n")


def test_a_line_says_when_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    moment = datetime.fromisoformat(json.loads(written("json", capsys))["ts"])
    assert moment.tzinfo == UTC
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_strangers_send_cannot_begin_a_line(form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    line = written(form, capsys, path=FORGED, person=FORGED)
    assert len(line.splitlines()) == 1
    assert line.endswith("\n")
    assert all(character.isprintable() for character in line[:-1])


@pytest.mark.parametrize("character", ["\x1b", "\x85", "\u2028", "\u202e", "\n", "\ud800"])
def test_one_character_that_cannot_be_printed_is_enough_to_be_escaped(
    character: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"path='/a{ascii(character)[1:-1]}b'" in written("text", capsys, path=f"/a{character}b")


def test_a_line_of_text_is_the_one_that_structlog_draws(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"path": "/a b", "method": "GET", "person": "", "code": "x=1", "said": "it's", "ms": 3, "by": None}
    (line,) = written("text", capsys, **values).splitlines()
    event = {"level": "warning", "event": "request", "ts": line.rpartition("=")[2], **values}
    assert line == structlog.dev.ConsoleRenderer(colors=False)(None, "", event)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_goes_to_stderr_alone(form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    assert "request" in written(form, capsys)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("is_library", [True, False])
def test_a_stack_shows_no_value_of_a_variable(form: Form, is_library: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """A password is a variable of most functions that it passes through."""
    logs.set_up(Settings(log_format=form))
    password = "this must not be " + "logged"
    try:
        raise RuntimeError(str(len(password)))
    except RuntimeError:
        if is_library:
            logging.getLogger("some.library").exception("failed")
        else:
            structlog.get_logger("chatapp.web").exception("failed")
    shown = capsys.readouterr().err
    assert "RuntimeError" in shown
    assert "test_a_stack_shows" in shown
    assert password not in shown


def test_the_watch_over_all_runs_sees_what_stands_in_a_line() -> None:
    watch = Watch()
    watch.must_not_show("chat_personal_0123456789")
    watch.was_said("somebody will deploy it after lunch " * 20)
    for nothing in ("hello", "x" * 500):
        watch.was_said(nothing)
    for line in ("path=/ws?token=chat_personal_0123456789", f"content={'somebody will deploy it after lunch ' * 6}"):
        assert watch.leaks() == []
        watch.heard(line)
        assert len(watch.leaks()) == 1
        watch.lines.clear()
    # An address is in the log as somebody asked for it.
    for line in ('path="/rooms/{}" status=404', '{{"path": "/rooms/\\"{}", "status": 404}}'):
        watch.heard(line.format("somebody will deploy it after lunch " * 6))
    assert watch.leaks() == []
    watch.lines.clear()
    watch.heard(f"somebody will deploy something, and hello: /rooms/{'x' * 500}")
    assert watch.leaks() == []
