"""What is left of a socket when it has been served."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from aiohttp import ClientConnectionResetError, web

from chatapp.gateway.upgrade import Upgrade


async def test_an_error_at_the_end_does_not_hold_the_socket_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(socket: web.WebSocketResponse[Any]) -> None:
        # As aiohttp does where its goodbye cannot be written any more.
        try:
            try:
                raise EOFError
            except EOFError:
                raise ClientConnectionResetError("Cannot write to closing transport") from None
        except ClientConnectionResetError as error:
            socket._exception = error

    monkeypatch.setattr(web.WebSocketResponse, "write_eof", fails)
    gc.disable()
    try:
        socket = Upgrade()
        await socket.write_eof()
        assert isinstance(socket.exception(), ClientConnectionResetError)
        held = weakref.ref(socket)
        del socket
        assert held() is None
    finally:
        gc.enable()
