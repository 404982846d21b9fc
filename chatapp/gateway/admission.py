"""Whether a WebSocket may be opened: decided while the request is still HTTP (RFC 6455 section 4.2)."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections import Counter
from typing import Final, TypeVar

from aiohttp import HttpVersion11, hdrs, web

from chatapp.core.errors import BadRequest, Forbidden, Unavailable
from chatapp.core.limits import Limits
from chatapp.core.models import Identity
from chatapp.keys import IDENTITY
from chatapp.settings import Settings

RETRY_SECONDS: Final = 5
VERSION: Final = "13"
K = TypeVar("K", int, str)


class Admission:
    """Counts the sockets that are open, and refuses before the upgrade."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._settings = settings
        self._limits = limits
        self._people: Counter[int] = Counter()
        self._addresses: Counter[str] = Counter()
        self.is_draining = False

    def check(self, request: web.Request) -> Identity:
        """Who is asking. Raises ``Forbidden``, ``Unavailable``, ``BadRequest`` or aiohttp's 426."""
        identity: Identity | None = request.get(IDENTITY)
        if identity is None or not identity.person.is_verified:
            raise Forbidden("A valid session or token is needed to open a WebSocket.")
        _check_handshake(request)
        if self.is_draining:
            raise Unavailable("The server is restarting.", retry_after=RETRY_SECONDS)
        return identity

    def take_place(self, person_id: int, address: str) -> None:
        """Room for one more socket, until the task that serves it ends. Raises ``Unavailable``."""
        # Taken in the same step as it is looked for: many upgrades at once would all find the last place free.
        if self._settings.limits and self._is_full(person_id, address):
            # 503, not 429: client libraries try again only after a 5xx.
            raise Unavailable("There are too many open connections.", retry_after=RETRY_SECONDS)
        wait = self._limits.upgrade(person_id, address)
        if wait:
            raise Unavailable("There were too many new connections in a short time.", retry_after=wait)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows a type
        self._people[person_id] += 1
        self._addresses[address] += 1
        task.add_done_callback(lambda _: self._leave(person_id, address))

    def _leave(self, person_id: int, address: str) -> None:
        _uncount(self._people, person_id)
        _uncount(self._addresses, address)

    def _is_full(self, person_id: int, address: str) -> bool:
        return (
            self._people[person_id] >= self._settings.sockets_per_person
            or self._addresses[address] >= self._settings.sockets_per_address
        )


def _uncount(counter: Counter[K], key: K) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


def _check_handshake(request: web.Request) -> None:
    if request.headers.get(hdrs.UPGRADE, "").lower() != "websocket":
        raise web.HTTPUpgradeRequired(text="Only a WebSocket can be opened here.", headers={hdrs.UPGRADE: "websocket"})
    # aiohttp would take versions 7 and 8, HTTP/1.0 and HEAD as well.
    if request.version < HttpVersion11 or request.method != hdrs.METH_GET:
        raise BadRequest("A WebSocket is opened by a GET in HTTP/1.1.")
    if "upgrade" not in request.headers.get(hdrs.CONNECTION, "").lower():
        raise BadRequest("The header Connection: Upgrade is missing.")
    if request.headers.getall(hdrs.SEC_WEBSOCKET_VERSION, []) != [VERSION]:
        # RFC 6455 section 4.4: the client is told which version to come back with.
        sentence = f"Only version {VERSION} of the WebSocket protocol is spoken here."
        raise web.HTTPBadRequest(text=sentence, headers={hdrs.SEC_WEBSOCKET_VERSION: VERSION})
    if not _is_key(request.headers.get(hdrs.SEC_WEBSOCKET_KEY, "")):
        raise BadRequest("The header Sec-WebSocket-Key must hold 16 bytes in base64.")


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
