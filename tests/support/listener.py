"""A listener without a network: what a socket is to the hub."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from chatapp.core.models import Identity, Message, Person, message_id
from chatapp.realtime.audience import Subscription
from chatapp.realtime.hub import Hub

Frame = dict[str, Any]
ROOM: Final = 1


def person(number: int) -> Person:
    return Person(number, f"person-{number}", f"Person {number}")


def message(version: int, room_id: int = 1, *, index: int | None = None) -> Message:
    """A post of its own, or a later version of the one at ``index``."""
    at = version if index is None else index
    return Message(message_id(room_id, at), room_id, at, version, 1, "ada", "Ada", f"{version}", "", 0)


def numbers(slug: str, changes: Sequence[Message]) -> bytes:
    """A voice that says the versions, for reading back."""
    return json.dumps([slug, [change.version for change in changes]]).encode() if changes else b""


class FakeListener:
    """Takes what it is given while it ``is_reading``."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.is_reading = True
        self.frames: list[bytes] = []
        self.told: list[Frame] = []
        self.behind: list[Subscription] = []
        self.gone: list[Subscription] = []
        self.ended: list[int] = []

    @property
    def heard(self) -> list[int]:
        return [version for frame in self.frames for version in json.loads(frame)[1]]

    def write(self, frames: bytes) -> bool:
        if self.is_reading:
            self.frames.append(frames)
        return self.is_reading

    def tell(self, frame: bytes) -> None:
        self.told.append(unframed(frame))

    def fell_behind(self, subscription: Subscription) -> None:
        self.behind.append(subscription)

    def removed(self, subscription: Subscription) -> None:
        self.gone.append(subscription)

    def end(self, code: int, reason: str) -> None:
        self.ended.append(code)


def listener(number: int = 1, *, session: str | None = None, token: int | None = None) -> FakeListener:
    return FakeListener(Identity(person(number), session, token))


def listens(hub: Hub, ear: FakeListener, room_id: int = ROOM, *, version: int = 0) -> Subscription:
    """A subscription that hears everything above ``version``."""
    subscription = hub.join(ear, room_id, f"room-{room_id}", numbers)
    assert hub.go_live(subscription, version, version)
    return subscription


async def published(hub: Hub, *versions: int, room_id: int = ROOM) -> None:
    hub.publish(room_id, [message(version, room_id) for version in versions])
    await asyncio.sleep(0)


def unframed(frame: bytes) -> Frame:
    """The JSON in one text frame under 64 KiB."""
    assert frame[0] == 0x81
    return json.loads(frame[4 if frame[1] == 126 else 2 :])  # type: ignore[no-any-return]
