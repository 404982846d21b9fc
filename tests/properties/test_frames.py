"""Whatever bytes come in a text frame: one answer, or the socket closes because they are no text."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, example, given, settings

from chatapp.core.errors import ChatError
from chatapp.gateway import protocol, registry
from chatapp.gateway.registry import COMMANDS, Answer, Command
from chatapp.gateway.room_socket import RoomSocket
from chatapp.gateway.socket import Socket
from tests.properties.frames import frames
from tests.support.rounds import rounds
from tests.support.wire import is_text

# So many examples take their time.
pytestmark = pytest.mark.timeout(rounds(180, 1800))

EXAMPLES = rounds(400, 100_000)
CODES = {"bad_json", "bad_request", "unknown_action", "invalid"}
DECODER = registry.decoder()


class Heard:
    """What one socket said, without a network."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.codes: list[int] = []

    def send(self, frame: bytes) -> None:
        head = {126: 4, 127: 10}.get(frame[1], 2)
        self.frames.append(json.loads(frame[head:]))

    def end(self, code: int, _reason: str) -> None:
        self.codes.append(code)


def silent(kind: type[Any], heard: Heard) -> Any:
    """A socket of that kind whose words go there, in front of a chat that takes everything."""

    async def takes(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(messages=(), index=1)

    async def nothing_yet(*_: Any) -> Any:
        return SimpleNamespace(messages=(), index=0)

    socket = object.__new__(kind)
    socket.chat = SimpleNamespace(
        messages=SimpleNamespace(post=takes, recent=nothing_yet, newest=nothing_yet),
        sign_in=SimpleNamespace(by_token=takes_nothing),
        limits=SimpleNamespace(act=lambda *_: None, refusal=lambda *_: True),
        settings=SimpleNamespace(limits=False),
    )
    socket.identity = SimpleNamespace(person=SimpleNamespace(id=1, username="ada"))
    socket.room = SimpleNamespace(slug="general")
    socket.is_text, socket.id = False, "x"
    socket._noted, socket._decoder = 0, DECODER
    socket.send, socket.end = heard.send, heard.end
    return socket


async def takes_nothing(_: str) -> None:
    return None


@pytest.fixture(scope="module", autouse=True)
def echoing() -> Any:
    """Commands that are understood are not carried out here."""

    async def echo(_socket: Socket, _wanted: Command) -> Answer:
        return Answer({})

    with pytest.MonkeyPatch.context() as patch:
        for schema in COMMANDS:
            patch.setitem(COMMANDS, schema, echo)
        yield


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=frames)
@example(data=b'{"ref": 1e999, "action": "x"}')
@example(data=b'{"action": "ping", "ref": ' + b"9" * 4000 + b"}")
@example(data=b'{"action": "ping", "ref": 1, "ref": 2}')
def test_any_frame_has_one_answer(data: bytes) -> None:
    heard = Heard()
    asyncio.run(silent(Socket, heard).receive(data))
    if not is_text(data):
        assert (heard.codes, heard.frames) == ([1007], [])
        return
    assert heard.codes == []
    (answer,) = heard.frames
    assert answer["ok"] or answer["error"]["code"] in CODES, answer
    assert len(json.dumps(answer)) < 1000 + 8 * len(data)
    if answer["ok"]:
        assert_says_each_key_once(data)
        said = json.loads(data)
        assert answer.get("ref", "none") == said.get("ref", "none")


def assert_says_each_key_once(data: bytes) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    json.loads(data, object_pairs_hook=once)


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=frames)
def test_any_frame_has_at_most_one_answer_at_the_room_socket(data: bytes) -> None:
    heard = Heard()
    asyncio.run(silent(RoomSocket, heard).receive(data))
    assert heard.codes == ([] if is_text(data) else [1007])
    assert len(heard.frames) <= 1
    for answer in heard.frames:
        assert answer["messages"] == []
        assert answer.get("error", {"code": "invalid"})["code"] in {*CODES, "forbidden"}


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=frames)
def test_reading_loosely_gives_an_object_or_a_refusal(data: bytes) -> None:
    assume(is_text(data))
    frame: object = {}
    try:
        frame = protocol.loosely(data)
    except ChatError as error:
        frame = {} if error.code in CODES else error
    assert isinstance(frame, dict)
    ref = protocol.ref_in(data)
    json.dumps(ref if isinstance(ref, str | int | float) else None, allow_nan=False)
