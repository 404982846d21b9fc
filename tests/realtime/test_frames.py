"""Frames as RFC 6455 section 5.2 draws them, read back by somebody else's parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from chatapp.realtime.frames import close_frame, text_frame


def parsed(data: bytes) -> list[tuple[bool, Opcode, bytes]]:

    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    client.receive_data(data)
    assert client.parser_exc is None
    frames = [event for event in client.events_received() if isinstance(event, Frame)]
    return [(frame.fin, frame.opcode, bytes(frame.data)) for frame in frames]


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (1, b"\x81\x01"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_the_head_says_the_length_in_its_shortest_form(size: int, head: bytes) -> None:
    payload = b"x" * size
    assert text_frame(payload) == head + payload


@given(st.lists(st.text(max_size=300), max_size=5))
def test_frames_written_one_after_the_other_are_read_as_they_were(texts: list[str]) -> None:
    data = b"".join(text_frame(text.encode()) for text in texts)
    assert parsed(data) == [(True, Opcode.TEXT, text.encode()) for text in texts]


@pytest.mark.parametrize("reason", ["", "session ended", "x" * 123])
def test_goodbye_says_why(reason: str) -> None:
    ((_, opcode, payload),) = parsed(close_frame(4401, reason))
    assert (opcode, Close.parse(payload)) == (Opcode.CLOSE, Close(4401, reason))
