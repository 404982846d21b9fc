"""Rows 39 to 57 at both sockets: one bad frame costs one error answer, and the socket stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bad_inputs.frames import DOORS, Frame, frames
from tests.bad_inputs.scene import Scene
from tests.support.wire import TEXT, RawSocket

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("frame", "door"),
    [
        pytest.param(frame, door, id=f"{frame.row} {frame.words} [{door}]")
        for frame in frames()
        for door in DOORS
        if frame.expected(door) is not None
    ],
)
async def test_a_bad_frame_costs_one_answer(
    scene: Scene, frame: Frame, door: str, caplog: pytest.LogCaptureFixture
) -> None:
    with scene.nothing_happens(caplog):
        raw = await opened(scene, door)
        raw.sends(TEXT, frame.data)
        answer = (await raw.hears()).json
        # The next frame after it is the answer to the next question: there was only one.
        await goes_on(raw, door)
    error = answer["error"]
    assert (error["code"], error["status"]) == frame.expected(door), answer
    assert error["message"]
    assert len(error["message"]) < 300
    if frame.field and door == "/ws":
        assert [wrong["field"] for wrong in error["errors"]] == [frame.field]
    if door == "/ws":
        assert answer["ok"] is False
        assert answer.get("ref", "none") == frame.ref
    else:
        assert answer["messages"] == []
    await scene.nobody_heard()
    raw.hangs_up()


async def opened(scene: Scene, door: str) -> RawSocket:
    raw = await RawSocket.opens(scene.client, door, f"Authorization: Bearer {scene.ada.token}")
    if door == "/ws":
        assert (await raw.hears()).json["event"] == "hello"
    return raw


async def goes_on(raw: RawSocket, door: str) -> None:
    """Asked something sensible, it answers that."""
    if door == "/ws":
        raw.says(action="ping", ref="next")
        expected: dict[str, Any] = {"ref": "next", "ok": True, "pong": True, "spread": 1}
        assert (await raw.hears()).json == expected
    else:
        raw.says(action="getRecentMessages")
        assert [message["content"] for message in (await raw.hears()).json["messages"]] == ["first"]


async def test_unknown_fields_are_ignored(scene: Scene) -> None:
    answer = await scene.ear.asks("ping", colour="red", nested={"content": ["x", {"room": None}]}, token="")
    assert answer["pong"]


async def test_as_text_a_line_that_cannot_be_posted_is_answered_with_a_mark(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await RawSocket.opens(
        scene.client, "/rooms/general/ws?format=text", f"Authorization: Bearer {scene.ada.token}"
    )
    with scene.nothing_happens(caplog):
        for line in ("", " ", "\u200b", "a\0b", "x" * 8001):
            raw.sends(TEXT, line)
            assert (await raw.hears()).payload.startswith(b"! ")
    raw.hangs_up()
