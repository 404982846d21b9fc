"""What goes over the wire, letter by letter, as docs/protocol.md has it."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.core import events
from chatapp.core.events import Event, encode, timestamp, user, wire
from chatapp.core.models import Message, Person, message_id

ADA = Person(1, "ada", "Ada Okafor", email="ada@example.org", is_admin=True)
PLAIN = Message(message_id(1, 3), 1, 3, 7, 1, "ada", "Ada Okafor", "hello", "", 1_790_000_000_123)
ALWAYS = {"id", "room", "index", "version", "username", "display_name", "timestamp", "content"}


def wired(message: Message, *, with_html: bool = False) -> dict[str, Any]:
    return json.loads(encode(wire(message, "general", with_html=with_html)))  # type: ignore[no-any-return]


def changed(**fields: Any) -> Message:
    return msgspec.structs.replace(PLAIN, **fields)


def test_a_plain_post_is_little_more_than_its_text() -> None:
    assert wired(PLAIN) == {
        "id": str(PLAIN.id),
        "room": "general",
        "index": 3,
        "version": 7,
        "username": "ada",
        "display_name": "Ada Okafor",
        "content": "hello",
        "timestamp": "2026-09-21T14:13:20.123Z",
    }


@pytest.mark.parametrize(
    ("fields", "added"),
    [
        ({"edited_at": 1_790_000_001_000}, {"edited_at": "2026-09-21T14:13:21.000Z"}),
        ({"reply_to": 1}, {"reply_to": 1}),
        ({"client_id": "k"}, {"client_id": "k"}),
        ({"kind": "bot"}, {"kind": "bot"}),
        ({"html": "<a>hello</a>"}, {}),
    ],
    ids=lambda value: next(iter(value), "nothing") if isinstance(value, dict) else None,
)
def test_a_field_is_there_when_it_says_something(fields: dict[str, Any], added: dict[str, Any]) -> None:
    assert wired(changed(**fields)) == wired(PLAIN) | added


def test_a_tombstone_has_no_words() -> None:
    tombstone = wired(changed(content="", is_deleted=True))
    assert tombstone.keys() == ALWAYS - {"content"} | {"deleted"}
    assert tombstone["deleted"] is True


def test_html_goes_to_those_who_ask_for_it() -> None:
    message = changed(html="<a>hello</a>")
    assert wired(message, with_html=True)["html"] == "<a>hello</a>"
    assert wired(PLAIN, with_html=True) == wired(PLAIN)


def test_json_is_compact_and_says_every_script_in_utf8() -> None:
    data = encode(wire(changed(content="世界 👋🏽 مرحبا"), "general"))
    assert '"content":"世界 👋🏽 مرحبا"'.encode() in data
    assert b", " not in data
    assert b"\\u" not in data


@given(st.text())
def test_words_come_back_as_they_were(content: str) -> None:
    assert wired(changed(content=content or "x"))["content"] == (content or "x")


def test_a_person_is_told_of_without_what_is_theirs_alone() -> None:
    assert json.loads(encode(user(ADA))) == {"id": "1", "username": "ada", "display_name": "Ada Okafor"}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_moments_are_utc_with_milliseconds(moment: int, expected: str) -> None:
    assert timestamp(moment) == expected


def test_every_event_names_itself() -> None:
    names = {str(kind.__struct_config__.tag) for kind in Event.__subclasses__()}
    assert {"hello", "messages", "typing", "read", "roomChanged", "roomAdded", "roomRemoved", "draining"} <= names
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in names)
    assert len(names) == len(Event.__subclasses__())


def test_frames_keep_their_own_fields_even_when_they_are_empty() -> None:
    assert json.loads(encode(events.Messages("general", ()))) == {
        "event": "messages",
        "room": "general",
        "messages": [],
    }
    assert json.loads(encode(events.Read("general", 0, 0))) == {
        "event": "read",
        "room": "general",
        "index": 0,
        "unread": 0,
        "turn": 0,
    }
