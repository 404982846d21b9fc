"""Whether a WebSocket may be opened: decided while the request is still HTTP (RFC 6455 section 4.2)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextvars
from typing import Final

from aiohttp import HttpVersion11, hdrs, web

from chatapp.core.errors import BadRequest, Forbidden, Unavailable
from chatapp.core.limits import Limits, network
from chatapp.core.models import Identity
from chatapp.keys import IDENTITY
from chatapp.realtime.hub import Hub

RETRY_SECONDS: Final = 5
VERSION: Final = "13"
# What ends asks for nothing of it, and a copy for each socket would be kept.
NO_CONTEXT: Final = contextvars.Context()


class Admission:
    """Counts the sockets that are open, and refuses before the upgrade."""

    def __init__(self, limits: Limits, hub: Hub) -> None:
        self._limits = limits
        self._hub = hub

    def check(self, request: web.Request) -> Identity:
        """Who is asking. Raises ``Forbidden``, ``Unavailable``, ``BadRequest`` or aiohttp's 426."""
        identity: Identity | None = request.get(IDENTITY)
        if identity is None or not identity.person.is_verified:
            raise Forbidden("A valid session or token is needed to open a WebSocket.")
        _check_handshake(request)
        if self._hub.is_draining:
            raise Unavailable("The server is restarting.", retry_after=RETRY_SECONDS)
        return identity

    def take_place(self, person_id: int, address: str) -> None:
        """Room for one more socket, until the task that serves it ends. Raises ``Unavailable``."""
        # Taken in the same step as it is looked for: many upgrades at once would all find the last place free.
        people, addresses, here = self._limits.sockets, self._limits.sockets_from, network(address)
        if self._limits.is_on and (people.is_full(person_id) or addresses.is_full(here)):
            # 503, not 429: client libraries try again only after a 5xx.
            raise Unavailable("There are too many open connections.", retry_after=RETRY_SECONDS)
        wait = self._limits.upgrade(person_id, address)
        if wait:
            raise Unavailable("There were too many new connections in a short time.", retry_after=wait)
        people.take(person_id)
        addresses.take(here)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows a type
        task.add_done_callback(_Place(self._limits, person_id, here), context=NO_CONTEXT)


class _Place:
    """Given back when called. Kept as long as the socket is open, so without what a closure keeps."""

    __slots__ = ("_address", "_limits", "_person_id")

    def __init__(self, limits: Limits, person_id: int, address: str) -> None:
        self._limits = limits
        self._person_id = person_id
        self._address = address

    def __call__(self, _: object) -> None:
        self._limits.sockets.give_back(self._person_id)
        self._limits.sockets_from.give_back(self._address)


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
