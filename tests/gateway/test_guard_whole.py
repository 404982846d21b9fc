"""A piece that is one whole message goes through without a closer look, as nearly all do: with the same outcome."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from chatapp.gateway import guard
from chatapp.gateway.guard import Guard
from tests.gateway.test_guard import Both
from tests.support.rounds import rounds
from tests.support.wire import PING, PONG, TEXT, frame

WHOLE: Final = {
    "no payload": frame(PING, b""),
    "125 bytes": frame(TEXT, bytes(125)),
    "126 bytes": frame(TEXT, bytes(126)),
    "65,535 bytes": frame(TEXT, bytes(65_535)),
}
NOT_WHOLE: Final = {
    "nothing": b"",
    "one byte": b"\x81",
    "a head": frame(TEXT, b"{}")[:6],
    "no mask": frame(TEXT, bytes(8), is_masked=False),
    "more to come": frame(TEXT, b"{}", is_final=False),
    "a byte too few": frame(TEXT, bytes(200))[:-1],
    "a byte too many": frame(TEXT, bytes(200)) + b"\x81",
    "two": frame(TEXT, b"{}") + frame(TEXT, b"{}"),
    "a second without a mask": frame(TEXT, b"{}") + frame(TEXT, b"{}", is_masked=False),
    "over 65,535 bytes": frame(TEXT, bytes(65_536)),
}


@pytest.mark.parametrize("piece", WHOLE.values(), ids=WHOLE)
def test_a_piece_that_is_one_message_is_known_as_one(piece: bytes) -> None:
    assert guard._is_whole(piece)


@pytest.mark.parametrize("piece", NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_every_other_piece_is_looked_at(piece: bytes) -> None:
    assert not guard._is_whole(piece)


_masked = st.builds(frame, st.sampled_from([0, TEXT, PING, PONG]), st.binary(max_size=140), is_final=st.booleans())
_unmasked = st.builds(frame, st.just(TEXT), st.just(b"{}"), is_masked=st.just(False))


@given(st.lists(_masked | _unmasked, max_size=6))
@examples(max_examples=rounds(100, 5000), deadline=None)
def test_by_either_way_the_same_is_passed_on_and_the_same_is_refused(frames: list[bytes]) -> None:
    async def play() -> tuple[object, ...]:
        both = Both()
        between = Guard(both)
        for piece in frames:
            between.data_received(piece)
        return both.heard, between._fault, between._began is None, between._is_in_message, between._left, between._head

    quick = asyncio.run(play())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard, "_is_whole", lambda _data: False)
        assert asyncio.run(play()) == quick
