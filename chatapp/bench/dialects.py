"""How one asks to hear a room and says something in it: chatapp's way, and those of the chats it is compared with."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Final

HISTORY: Final = 50


class Dialect(ABC):
    """The words of one kind of server. ``answer`` begins the frames that only the asker gets."""

    answer: bytes
    answered: re.Pattern[bytes]
    ok: bytes = b"true"
    # What a message in a history has once.
    item: bytes = b'"content":'

    @abstractmethod
    def path(self, token: str, room: str) -> str:
        """Where the socket is opened."""

    @abstractmethod
    def welcomed(self, heard: bytes, room: str) -> tuple[bytes, bool]:
        """What to say next to a payload heard before the room's news (b"" for nothing), and whether one is in now."""

    @abstractmethod
    def post(self, room: str, content: bytes, ref: int) -> bytes:
        """A payload that says something; ``ref`` comes back in the answer."""

    def history_in(self, heard: bytes) -> int:
        """Messages in the payload that let one in."""
        return heard.count(self.item)

    def reply(self, _payload: bytes) -> bytes:
        """What to say to a sign of life among the news; b"" for nothing."""
        return b""


class Chatapp(Dialect):
    """docs/protocol.md."""

    answer = b'{"ref":'
    answered = re.compile(rb'^\{"ref":(\d+),"ok":(true|false)')

    def path(self, token: str, room: str) -> str:
        return f"/ws?token={token}"

    def welcomed(self, heard: bytes, room: str) -> tuple[bytes, bool]:
        if heard.startswith(b'{"event":"hello"'):
            return b'{"action":"subscribe","ref":0,"room":"%b","limit":%d}' % (room.encode(), HISTORY), False
        return b"", heard.startswith(b'{"ref":0,"ok":true')

    def post(self, room: str, content: bytes, ref: int) -> bytes:
        return b'{"action":"sendMessage","ref":%d,"room":"%b","content":"%b"}' % (ref, room.encode(), content)


class Plain(Dialect):
    """What the peers under bench/peers speak."""

    answer = b'{"ref":'
    answered = re.compile(rb'^\{"ref": ?(\d+), ?"ok": ?(true|false)')

    def path(self, token: str, room: str) -> str:
        return f"/ws?token={token}&room={room}"

    def welcomed(self, heard: bytes, room: str) -> tuple[bytes, bool]:
        return b"", heard.startswith(b'{"history":')

    def post(self, room: str, content: bytes, ref: int) -> bytes:
        return b'{"ref":%d,"send":"%b"}' % (ref, content)


class SocketIO(Dialect):
    """Events of Socket.IO 5 in packets of Engine.IO 4, on a WebSocket from the start."""

    answer = b"43"
    answered = re.compile(rb'^43(\d+)\[\{"ok":(true|false)')

    def path(self, token: str, room: str) -> str:
        return f"/socket.io/?EIO=4&transport=websocket&token={token}&room={room}"

    def welcomed(self, heard: bytes, room: str) -> tuple[bytes, bool]:
        return (b"40" if heard.startswith(b"0{") else b""), heard.startswith(b'42["history"')

    def post(self, room: str, content: bytes, ref: int) -> bytes:
        return b'42%d["send","%b"]' % (ref, content)

    def reply(self, payload: bytes) -> bytes:
        return b"3" if payload == b"2" else b""
