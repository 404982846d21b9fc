"""What processes call to each other fits where it must, and is read as it was meant."""

from __future__ import annotations

import msgspec
import pytest

from chatapp.core.events import Read, Typing
from chatapp.core.models import Message
from chatapp.realtime import hints
from chatapp.realtime.hints import Grown, HasRead, Noticed, Whispered, decode, encode, grown
from tests.support.listener import message

SOURCE = "0123456789abcdef"


def long(version: int, characters: int) -> Message:
    return msgspec.structs.replace(message(version), content="ж" * characters)


@pytest.mark.parametrize(
    "hint",
    [
        Grown(1, 4, 5, (message(4), message(5))),
        Grown(1, 4, 5),
        Noticed(),
        Whispered(1, Typing("general", "ada", "Ada", True), 7),
        HasRead(7, Read("general", 3, 0)),
    ],
    ids=lambda hint: type(hint).__name__,
)
def test_a_hint_is_read_as_it_was_said(hint: hints.AnyHint) -> None:
    assert decode(encode(SOURCE, hint)) == (SOURCE, hint)


@pytest.mark.parametrize("characters", [0, 1, 100, 3000, 3700, 3800, 3900, 8000])
@pytest.mark.parametrize("count", [1, 2, 30, 1000])
def test_changes_are_said_in_parts_that_fit_and_leave_nothing_out(characters: int, count: int) -> None:
    changes = [long(version, characters) for version in range(5, 5 + count)]
    said = list(grown(1, changes))
    assert max(len(encode(SOURCE, hint)) for hint in said) < 8000
    assert [hint.first for hint in said] == [5, *(hint.last + 1 for hint in said[:-1])]
    assert said[-1].last == changes[-1].version
    for hint in said:
        versions = [change.version for change in hint.changes]
        assert versions in ([], list(range(hint.first, hint.last + 1)))


def test_what_is_small_is_said_whole() -> None:
    said = list(grown(1, [message(version) for version in range(1, 101)]))
    assert [change.version for hint in said for change in hint.changes] == list(range(1, 101))


def test_what_is_of_another_version_of_chatapp_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode('["abc",{"hint":"fromTheFuture"}]')
