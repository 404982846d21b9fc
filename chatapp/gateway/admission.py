"""Whether a WebSocket may be opened: decided while the request is still HTTP (RFC 6455 section 4.2)."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import HttpVersion11, hdrs, web

from chatapp.core.errors import BadRequest, Forbidden, Unavailable
from chatapp.core.models import Identity
from chatapp.keys import ADDRESS, IDENTITY
from chatapp.realtime.hub import Hub
from chatapp.settings import Settings

RETRY_SECONDS: Final = 5


class Admission:
    """Counts the sockets that are open, and refuses before the upgrade."""

    def __init__(self, settings: Settings, hub: Hub) -> None:
        self._settings = settings
        self._hub = hub
        self._addresses: Counter[str] = Counter()
        self.is_draining = False

    def check(self, request: web.Request) -> Identity:
        """Who is let in. Raises ``Forbidden``, ``Unavailable``, ``BadRequest`` or aiohttp's 426."""
        identity: Identity | None = request.get(IDENTITY)
        if identity is None or not identity.person.is_verified:
            raise Forbidden("A valid session or token is needed to open a WebSocket.")
        _check_handshake(request)
        if self.is_draining:
            raise Unavailable("The server is restarting.", retry_after=RETRY_SECONDS)
        if self._settings.limits:
            self._check_count(identity, request[ADDRESS])
        return identity

    @contextmanager
    def counted(self, address: str) -> Iterator[None]:
        self._addresses[address] += 1
        try:
            yield
        finally:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _check_count(self, identity: Identity, address: str) -> None:
        is_full = (
            self._hub.sockets_of(identity.person.id) >= self._settings.sockets_per_person
            or self._addresses[address] >= self._settings.sockets_per_address
        )
        if is_full:
            # 503, not 429: client libraries try again only after a 5xx.
            raise Unavailable("There are too many open connections.", retry_after=RETRY_SECONDS)


def _check_handshake(request: web.Request) -> None:
    if request.headers.get(hdrs.UPGRADE, "").lower() != "websocket":
        raise web.HTTPUpgradeRequired(headers={hdrs.UPGRADE: "websocket"})
    # aiohttp would take versions 7 and 8, HTTP/1.0 and HEAD as well.
    if request.version < HttpVersion11 or request.method != hdrs.METH_GET:
        raise BadRequest("A WebSocket is opened by a GET in HTTP/1.1.")
    if "upgrade" not in request.headers.get(hdrs.CONNECTION, "").lower():
        raise BadRequest("The header Connection: Upgrade is missing.")
    if request.headers.get(hdrs.SEC_WEBSOCKET_VERSION) != "13":
        raise BadRequest("Only version 13 of the WebSocket protocol is spoken here.")
    if not _is_key(request.headers.get(hdrs.SEC_WEBSOCKET_KEY, "")):
        raise BadRequest("The header Sec-WebSocket-Key must hold 16 bytes in base64.")


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
