"""The checker itself: a faithful record passes, and each broken promise is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest

from tests.faults.checker import violations
from tests.faults.line import Given, Heard, Said
from tests.faults.recorder import Address, Listener, Writer

ROOM: Final = "general"


class Record:
    """Three posts, the first edited and the second deleted, as one writer and one listener were told of them."""

    def __init__(self) -> None:
        posts = [Heard(n, n, "ada", f"w says {n}", client_id=f"w-{n}") for n in (1, 2, 3)]
        edited = msgspec.structs.replace(posts[0], version=4, content="w means 1")
        deleted = msgspec.structs.replace(posts[1], version=5, content="", deleted=True)
        self.log = [edited, deleted, posts[2]]
        self.writer = Writer(Address(), "", "w", ROOM)
        self.writer.sent = {post.client_id: post.content for post in posts}
        self.writer.answered = {post.client_id: post for post in posts}
        self.writer.final = {message.index: message for message in self.log}
        self.writer.told = [*posts, edited, deleted]
        self.listener = Listener(Address(), "", "l", [ROOM])
        self.ear = self.listener.ears[ROOM]
        self.ear.answer(Said(room=ROOM, messages=tuple(posts[:2]), version=2, index=2, epoch="e"))
        self.ear.news([posts[2], edited, deleted])

    def verdict(self) -> list[str]:
        return violations([self.writer], [self.listener], {ROOM: self.log})


def test_a_faithful_record_passes() -> None:
    assert Record().verdict() == []


def loses(record: Record) -> None:
    del record.log[2]


def moves(record: Record) -> None:
    record.log[1:] = [msgspec.structs.replace(m, index=5 - m.index) for m in reversed(record.log[1:])]


def doubles(record: Record) -> None:
    record.log.append(msgspec.structs.replace(record.log[2], index=4, version=6))


def gives_a_version_twice(record: Record) -> None:
    record.log[2] = msgspec.structs.replace(record.log[2], version=5)


def invents(record: Record) -> None:
    record.log.append(Heard(4, 6, "ada", "out of nowhere", client_id="x-1"))


def forgets_an_edit(record: Record) -> None:
    record.log[0] = msgspec.structs.replace(record.log[0], content="w says 1")


def forgets_a_deletion(record: Record) -> None:
    record.log[1] = msgspec.structs.replace(record.log[1], content="w says 2", deleted=False)


def forgets_a_reaction(record: Record) -> None:
    record.log[0] = msgspec.structs.replace(record.log[0], reactions=(Given("👍", 1, ("ada",)),))


def forgets_a_pin(record: Record) -> None:
    record.ear.state[1] = msgspec.structs.replace(record.ear.state[1], pinned=True)


def tells_twice(record: Record) -> None:
    record.ear.news([record.log[1]])


def tells_late(record: Record) -> None:
    record.ear.news([record.log[2]])


def says_nothing_of_the_last(record: Record) -> None:
    record.ear.state[2] = record.writer.answered["w-2"]


def shows_a_phantom(record: Record) -> None:
    record.ear.news([Heard(4, 6, "ada", "gone with the crash")])


def means_two_things(record: Record) -> None:
    record.writer.told.append(Heard(3, 3, "ada", "something else"))


def answers_nonsense(record: Record) -> None:
    record.writer.wrong.append("sendMessage was answered internal")


def speaks_too_early(record: Record) -> None:
    record.listener.early.append(ROOM)


@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [
        (loses, "1 x an answered message is not in the log, the first: w-3"),
        (moves, "an answered message has another index"),
        (moves, "a writer's own order is not kept"),
        (doubles, "a message is stored twice"),
        (gives_a_version_twice, "a version belongs to two messages"),
        (invents, "a message is stored that nobody sent"),
        (invents, "what a client has made of the news is not what a fresh read says"),
        (forgets_an_edit, "an answered change is not what the log says"),
        (forgets_a_deletion, "an answered change is not what the log says"),
        (forgets_a_reaction, "an answered change is not what the log says"),
        (forgets_a_reaction, "what a client has made of the news is not what a fresh read says"),
        (forgets_a_pin, "what a client has made of the news is not what a fresh read says"),
        (tells_twice, "a change was heard twice or out of order"),
        (tells_late, "a change was heard twice or out of order"),
        (says_nothing_of_the_last, "what a client has made of the news is not what a fresh read says"),
        (shows_a_phantom, "what a client has made of the news is not what a fresh read says"),
        (means_two_things, "one version was heard with two meanings"),
        (answers_nonsense, "an answer was wrong"),
        (speaks_too_early, "heard news before the answer to subscribe"),
    ],
)
def test_a_broken_promise_is_named(breaks: Callable[[Record], Any], sentence: str) -> None:
    record = Record()
    breaks(record)
    assert any(sentence in found for found in record.verdict()), record.verdict()


def test_a_gap_that_was_announced_is_none() -> None:
    record = Record()
    newest = Heard(4, 9, "ada", "w says 4", client_id="w-4")
    record.writer.sent["w-4"] = newest.content
    record.log.append(newest)
    page = Said(room=ROOM, messages=(record.log[2], newest), version=9, index=4, epoch="e", complete=False)
    record.ear.answer(page)
    record.ear.older(record.log[:2])
    assert record.verdict() == []
