"""Lines of the log come in order, wait where they must, and are counted where they are lost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import pytest
from structlog.testing import capture_logs

from chatapp.lines import Lines

LONG: Final = "x" * 10_000 + "\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(writer)
    os.close(reader)


def read(reader: int, until: str) -> str:
    """What comes, to that text."""
    found = ""
    while until not in found:
        found += os.read(reader, 1_000_000).decode()
    return found


def test_what_finds_no_room_comes_later_and_in_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    lines = Lines(writer)
    expected = [f"line {number}\n" for number in range(20_000)]
    for line in expected:
        assert lines.write(line) == len(line)
    assert read(reader, expected[-1]) == "".join(expected)


def test_a_line_longer_than_a_pipe_comes_whole(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    lines = Lines(writer)
    for line in (LONG * 20, "the next\n"):
        lines.write(line)
    assert read(reader, "the next\n") == LONG * 20 + "the next\n"


def test_no_more_waits_than_is_allowed_and_the_lost_are_told_of(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.set_blocking(reader, False)
    lines, found, deadline = Lines(writer, most=50_000), b"", time.monotonic() + 30
    with capture_logs() as said:
        for _ in range(100):
            lines.write(LONG)
        while found.count(b"\n") + sum(entry["lines"] for entry in said) < 100:
            assert time.monotonic() < deadline
            with suppress(BlockingIOError):
                found += os.read(reader, 1_000_000)
    # Once, or each time that one of those that waited got through.
    assert {(entry["event"], entry["log_level"]) for entry in said} == {("log.lost", "warning")}
    # The pipe holds some, the wait five.
    assert sum(entry["lines"] for entry in said) > 70


def test_a_reader_that_is_gone_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    lines = Lines(writer)
    lines.write("line\n")
    lines.write(LONG)
    os.close(writer)
