"""Frames that break the protocol (RFC 6455) close the socket with the right code, and harm nobody else."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from chatapp.settings import Settings
from tests.gateway.conftest import Opens
from tests.support.cast import Actor
from tests.support.wire import BINARY, CLOSE, PING, PONG, TEXT, RawSocket

MOST: Final = 65_536


def sized(size: int) -> bytes:
    """A frame of exactly so many bytes that asks for nothing wrong."""
    data = b'{"action":"ping","x":"'
    return data + b"x" * (size - len(data) - 2) + b'"}'


def closing(code: int, reason: bytes = b"") -> bytes:
    return struct.pack("!H", code) + reason


async def closed_with(raw: RawSocket, code: int) -> None:
    assert await raw.close_code() == code


# Size


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_frame_may_be_as_large_as_the_limit_and_no_larger(opens: Opens, ada: Actor, path: str) -> None:
    raw = await opens(ada, path)
    raw.sends(TEXT, sized(MOST))
    assert (await raw.hears()).opcode == TEXT
    raw.sends(TEXT, sized(MOST + 1))
    await closed_with(raw, 1009)


async def test_fragments_count_together(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    raw.sends(TEXT, sized(MOST)[:40_000], is_final=False)
    raw.sends(0, b"x" * 40_000)
    await closed_with(raw, 1009)


async def test_a_length_that_is_only_claimed_is_refused_at_once(opens: Opens, ada: Actor) -> None:
    for claim in (2**40, 2**63 - 1):
        raw = await opens(ada)
        raw.writer.write(b"\x81\xff" + struct.pack("!Q", claim) + b"mask")
        assert await raw.close_code() in {1002, 1009}


async def test_a_compressed_bomb_is_refused(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    bomb = zlib.compress(b"\0" * 10_000_000, 9)[2:]
    assert len(bomb) < MOST
    raw.sends(TEXT, bomb, reserved=0b100)
    await closed_with(raw, 1002)


# Text


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe",
        b'{"action":"ping","ref":"\xc3\x28"}',
        b'{"action":"ping","unknown":"\xff"}',
        b'{"action":"sendMessage","room":"general","content":"\xed\xa0\x80"}',
        b'{"action":"sendMessage","room":"general","content":"\xc0\xaf"}',
        b'{"action":"sendMessage","room":"general","content":"\xf0\x9f"}',
    ],
    ids=["no JSON", "in the ref", "in an ignored field", "surrogate", "overlong", "cut off"],
)
async def test_what_is_not_utf_8_closes_with_1007(opens: Opens, ada: Actor, path: str, payload: bytes) -> None:
    raw = await opens(ada, path)
    raw.sends(TEXT, payload)
    await closed_with(raw, 1007)
    assert (await ada.chat.messages.recent(ada.person, "general")).messages == ()


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_binary_frame_closes_with_1003(opens: Opens, ada: Actor, path: str) -> None:
    raw = await opens(ada, path)
    raw.sends(BINARY, b'{"action":"ping"}')
    await closed_with(raw, 1003)


async def test_text_in_pieces_is_one_text(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    data = '{"action":"sendMessage","room":"general","content":"👋"}'.encode()
    # In the middle of a character, with a ping in between.
    cut = data.index(b"\x9f")
    raw.sends(TEXT, data[:cut], is_final=False)
    raw.sends(PING, b"alive?")
    raw.sends(0, data[cut:])
    assert (await raw.hears()) == (PONG, b"alive?")
    assert (await raw.hears()).json["message"]["content"] == "👋"


# Frames


def text_inside_text(raw: RawSocket) -> None:
    raw.sends(TEXT, b"{", is_final=False)
    raw.sends(TEXT, b"}")


BROKEN: Final[dict[str, Callable[[RawSocket], None]]] = {
    "RSV1": lambda raw: raw.sends(TEXT, b"{}", reserved=0b100),
    "RSV2": lambda raw: raw.sends(TEXT, b"{}", reserved=0b010),
    "opcode 3": lambda raw: raw.sends(3, b"{}"),
    "opcode 11": lambda raw: raw.sends(11, b""),
    "a ping in pieces": lambda raw: raw.sends(PING, b"", is_final=False),
    "a ping of 126 bytes": lambda raw: raw.sends(PING, b"x" * 126),
    "a continuation of nothing": lambda raw: raw.sends(0, b"{}"),
    "a text inside a text": text_inside_text,
    "close code 999": lambda raw: raw.sends(CLOSE, closing(999)),
    "close code 1005": lambda raw: raw.sends(CLOSE, closing(1005)),
    "a close of one byte": lambda raw: raw.sends(CLOSE, b"\x03"),
}


async def test_what_breaks_the_protocol_closes_with_1002(opens: Opens, ada: Actor, subtests: pytest.Subtests) -> None:
    for name, breaks in BROKEN.items():
        with subtests.test(name):
            raw = await opens(ada)
            breaks(raw)
            await closed_with(raw, 1002)
    raw = await opens(ada)
    raw.sends(CLOSE, closing(1000, b"\xff"))
    await closed_with(raw, 1007)


async def test_goodbye_is_answered_with_goodbye(opens: Opens, ada: Actor) -> None:
    for code in (1000, 1001, 4999):
        raw = await opens(ada)
        raw.sends(CLOSE, closing(code, b"bye"))
        assert await raw.close_code() in {1000, code}


async def test_a_ping_is_answered_with_its_own_words(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    raw.sends(PING, b"x" * 125)
    assert await raw.hears() == (PONG, b"x" * 125)
    raw.sends(PONG, b"not asked for")
    assert await raw.is_alive()


async def test_a_heap_of_pings_gets_at_most_as_many_pongs(opens: Opens, ada: Actor) -> None:
    raw, other = await opens(ada), await opens(ada)
    for number in range(1000):
        raw.sends(PING, b"%d" % number)
    assert await other.is_alive()
    assert [(await raw.hears()).payload for _ in range(1000)] == [b"%d" % number for number in range(1000)]
    assert await raw.is_alive()


async def test_a_heap_of_empty_pieces_is_bounded(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    raw.sends(TEXT, b"", is_final=False)
    for _ in range(2000):
        raw.sends(0, b"", is_final=False)
    raw.sends(0, b'{"action":"ping"}')
    assert (await raw.hears()).json["pong"]


async def test_a_frame_in_single_bytes_is_a_frame(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    data = b"\x81\x91mask" + bytes(a ^ b"mask"[n % 4] for n, a in enumerate(b'{"action":"ping"}'))
    for byte in data:
        raw.writer.write(bytes([byte]))
        await asyncio.sleep(0)
    assert (await raw.hears()).json["pong"]


async def test_who_hangs_up_in_the_middle_of_a_frame_leaves_nothing(opens: Opens, ada: Actor) -> None:
    raw, other = await opens(ada), await opens(ada)
    raw.writer.write(b"\x81\xff" + struct.pack("!Q", 60_000) + b"mask" + b"x" * 100)
    await raw.writer.drain()
    raw.writer.transport.abort()
    assert await other.is_alive()


# Silence


class TestHeartbeat:
    """A socket that answers no ping is dropped after one and a half intervals."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, heartbeat=1)

    async def test_who_answers_no_ping_is_dropped_and_who_does_is_not(self, opens: Opens, ada: Actor) -> None:
        silent, quick = await opens(ada), await opens(ada)

        async def answers_pings() -> None:
            while True:
                if (await quick.hears()).opcode == PING:
                    quick.sends(PONG, b"")

        answering = asyncio.create_task(answers_pings())
        async with asyncio.timeout(4):
            assert await silent.close_code() is None
        answering.cancel()
        await asyncio.wait([answering])
        assert await quick.is_alive()
