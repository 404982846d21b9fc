"""What aiohttp would take and RFC 6455 forbids is refused before it gets there."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from chatapp.gateway import endpoint, guard
from chatapp.gateway.connection import Connection
from chatapp.gateway.guard import Guard
from chatapp.settings import Settings
from tests.gateway.conftest import Opens
from tests.support.cast import Actor
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.wire import CLOSE, PING, PONG, TEXT, frame

HELLO: Final = json.dumps({"action": "sendMessage", "room": "general", "content": "hello"}).encode()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MESSAGE_SECONDS", 0.3)


# Masks


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_frame_without_a_mask_closes_with_1002(opens: Opens, ada: Actor, path: str) -> None:
    for opcode in (TEXT, CLOSE, PING, PONG):
        raw = await opens(ada, path)
        raw.sends(opcode, HELLO, is_masked=False)
        assert await raw.close_code() == 1002
    assert (await ada.chat.messages.recent(ada.person, "general")).messages == ()


async def test_a_missing_mask_is_seen_in_the_second_piece_and_in_the_second_byte(opens: Opens, ada: Actor) -> None:
    for pieces in ([b"\x81", b"\x02"], [frame(TEXT, HELLO, is_final=False), b"\x80", b"\x00"]):
        raw = await opens(ada)
        for piece in pieces:
            raw.writer.write(piece)
            await raw.writer.drain()
            await asyncio.sleep(0)
        assert await raw.close_code() == 1002


async def test_a_long_head_in_single_bytes_is_one_head() -> None:
    told = Guard(_Inner())  # type: ignore[arg-type]
    wanted = frame(TEXT, b"x" * 200) + frame(PING, b"")
    for byte in wanted:
        told.data_received(bytes([byte]))
    assert (told._head, told._left, told._fault) == (b"", 0, None)
    assert told.transport.heard == wanted  # type: ignore[attr-defined]


class _Inner:
    """A transport and the protocol behind it, in one."""

    heard = b""

    def get_protocol(self) -> _Inner:
        return self

    def set_protocol(self, _protocol: Any) -> None:
        pass

    def data_received(self, data: bytes) -> None:
        self.heard += data


# Messages that never end


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_frame_that_dribbles_for_ever_closes_with_4408(opens: Opens, ada: Actor, path: str) -> None:
    raw = await opens(ada, path)
    raw.writer.write(b"\x81\xfe" + struct.pack("!H", 60_000) + b"mask")

    async def dribbles() -> None:
        while True:
            raw.writer.write(b"x")
            await asyncio.sleep(0.01)

    dribbling = asyncio.create_task(dribbles())
    assert await raw.close_code() == 4408
    dribbling.cancel()


@pytest.mark.usefixtures("hurry")
async def test_pieces_without_a_last_one_close_with_4408_whatever_comes_between(opens: Opens, ada: Actor) -> None:
    raw = await opens(ada)
    raw.sends(TEXT, b"", is_final=False)

    async def goes_on() -> None:
        while True:
            raw.sends(0, b"", is_final=False)
            raw.sends(PING, b"still here")
            await asyncio.sleep(0.01)

    going = asyncio.create_task(goes_on())
    assert await raw.close_code() == 4408
    going.cancel()


@pytest.mark.usefixtures("hurry")
async def test_time_does_not_run_between_messages_nor_while_one_is_at_work(
    opens: Opens, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = await opens(ada)
    post = ada.chat.messages.post

    async def takes_long(*arguments: Any) -> Any:
        await asyncio.sleep(0.4)
        return await post(*arguments)

    monkeypatch.setattr(ada.chat.messages, "post", takes_long)
    second = frame(TEXT, HELLO)
    raw.writer.write(frame(TEXT, HELLO) + second[:9])
    assert (await raw.hears()).json["message"]["index"] == 1
    (connection,) = [each for each in ada.chat.hub._people[ada.person.id] if isinstance(each, Connection)]
    left = connection.guard._left
    raw.writer.write(second[9:12])
    await until(lambda: connection.guard._left == left - 3)
    raw.writer.write(second[12:])
    assert (await raw.hears()).json["message"]["index"] == 2
    assert await raw.is_alive()


def test_a_message_may_take_three_quarters_of_a_minute() -> None:
    assert guard.MESSAGE_SECONDS == 45


# The rest goes through as it came


class Both(asyncio.Transport, asyncio.Protocol):
    """A transport and what is behind it: notes what is handed on."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass

    def data_received(self, data: bytes) -> None:
        self.heard += data


async def test_that_a_client_reads_slowly_and_reads_again_is_handed_on() -> None:
    """Who waits until it is read, as aiohttp does for its goodbye, waits for exactly that."""
    ours, theirs = socket.socketpair()
    told: list[str] = []

    class Inner(asyncio.Protocol):
        def pause_writing(self) -> None:
            told.append("pause")

        def resume_writing(self) -> None:
            told.append("resume")

    transport, _ = await asyncio.get_running_loop().create_connection(Inner, sock=ours)
    Guard(transport)
    transport.write(bytes(2_000_000))
    assert told == ["pause"]
    reader, writer = await asyncio.open_connection(sock=theirs)
    assert len(await reader.readexactly(2_000_000)) == 2_000_000
    await until(lambda: told == ["pause", "resume"])
    for each in (transport, writer):
        each.close()


_long = [frame(TEXT, bytes(size)) for size in (65_535, 65_536)]
_short = st.builds(frame, st.sampled_from([0, TEXT, PING, PONG]), st.binary(max_size=140), is_final=st.booleans())
_frames = _short | st.sampled_from(_long)


@given(st.lists(_frames, min_size=1, max_size=5), st.data())
@examples(max_examples=rounds(40, 2000), deadline=None)
def test_masked_frames_pass_however_they_are_cut_and_the_next_without_a_mask_does_not(
    frames: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    refused: list[tuple[int, str]] = []

    async def play() -> None:
        both = Both()
        between = Guard(both)
        between.reports_to(lambda code, reason: refused.append((code, reason)))
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            between.data_received(stream[start:end])
        assert both.heard == stream
        assert refused == []
        between.data_received(frame(TEXT, b"{}", is_masked=False))
        assert both.heard == stream

    asyncio.run(play())
    assert refused == [(1002, "not masked")]


async def test_a_fault_before_anybody_listened_is_told_when_they_do() -> None:
    between = Guard(Both())
    between.data_received(b"\x81\x00")
    refused: list[int] = []
    between.reports_to(lambda code, _: refused.append(code))
    assert refused == [1002]


# Close codes


NEVER_SENT: Final = (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
SENT: Final = (1000, 1001, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)


async def test_a_close_code_that_is_never_sent_is_answered_with_1002(
    opens: Opens, ada: Actor, subtests: pytest.Subtests
) -> None:
    for code in NEVER_SENT:
        with subtests.test(str(code)):
            raw = await opens(ada)
            raw.sends(CLOSE, struct.pack("!H", code))
            assert await raw.close_code() == 1002


async def test_any_other_goodbye_is_answered_with_goodbye(opens: Opens, ada: Actor, subtests: pytest.Subtests) -> None:
    for code in SENT:
        with subtests.test(str(code)):
            raw = await opens(ada)
            raw.sends(CLOSE, struct.pack("!H", code) + "až".encode())
            assert await raw.close_code() == 1000
            assert await raw.reader.read() == b""


# Heaps


async def test_more_pings_than_a_thousand_at_once_are_a_flood(opens: Opens, ada: Actor) -> None:
    raw, other = await opens(ada), await opens(ada)
    for _ in range(endpoint.PINGS_AT_ONCE + 50):
        raw.sends(PING, b"")
    pongs = 0
    while (found := await raw.hears()).opcode == PONG:
        pongs += 1
    assert (found.opcode, struct.unpack("!H", found.payload[:2])) == (CLOSE, (4429,))
    # While they come a few are given back.
    assert endpoint.PINGS_AT_ONCE <= pongs < endpoint.PINGS_AT_ONCE + 50
    assert await other.is_alive()


class TestWithoutLimits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, limits=False)

    @pytest.mark.parametrize(
        ("payload", "count", "a_turn"),
        [
            pytest.param(b"{}", 4000, endpoint.FRAMES_A_TURN, id="nonsense"),
            pytest.param(b'{"action":"ping"}', 4000, endpoint.FRAMES_A_TURN, id="a command"),
            pytest.param(b'{"action":"ping"}'.ljust(endpoint.BYTES_A_TURN), 200, 1, id="a long command"),
        ],
    )
    async def test_a_heap_of_frames_lets_everybody_else_in_between(
        self, opens: Opens, ada: Actor, payload: bytes, count: int, a_turn: int
    ) -> None:
        raw = await opens(ada)
        turns: list[int] = []

        async def watches() -> None:
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        raw.writer.write(frame(TEXT, payload) * count)
        watching = asyncio.create_task(watches())
        for _ in range(count):
            await raw.hears()
        watching.cancel()
        assert len(turns) > count / a_turn
