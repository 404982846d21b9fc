"""The JSON of histories that were sent: whoever comes next gets the same bytes, until the room changes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from chatapp.core.events import encode, wire
from chatapp.core.models import History

BYTES: Final = 16_777_216


class Histories:
    """At most ``most`` bytes, those sent last.

    Nothing has to be taken back: the tail gives out one object until something changes (:meth:`Tail.recent`), and what
    was made of another one is not used.
    """

    def __init__(self, most: int = BYTES) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[tuple[str, bool], tuple[History, bytes]] = OrderedDict()

    def messages(self, room: str, history: History, *, with_html: bool) -> msgspec.Raw:
        """Its messages as an array of JSON."""
        key = (room, with_html)
        known, text = self._kept.get(key, (None, b""))
        if known is not history:
            text = encode([wire(message, room, with_html=with_html) for message in history.messages])
            self._keep(key, history, text)
        else:
            self._kept.move_to_end(key)
        return msgspec.Raw(text)

    def _keep(self, key: tuple[str, bool], history: History, text: bytes) -> None:
        _, old = self._kept.pop(key, (None, b""))
        self._kept[key] = (history, text)
        self._size += len(text) - len(old)
        while self._size > self._most:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._size -= len(oldest)
