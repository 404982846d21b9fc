"""The typed keys under which the application and a request carry what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from chatapp.core.models import Identity
from chatapp.settings import Settings

if TYPE_CHECKING:
    from chatapp.domain.chat import Chat
    from chatapp.gateway.endpoint import Gateway

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
CHAT: web.AppKey[Chat] = web.AppKey("chat")
GATEWAY: web.AppKey[Gateway] = web.AppKey("gateway")

IDENTITY: web.RequestKey[Identity | None] = web.RequestKey("identity")
# Whom the log names: also who signed in by this very request, or was signed out while it was answered.
WHO: web.RequestKey[str] = web.RequestKey("who")
# The hub's count of withdrawn credentials before IDENTITY was looked for: is it the same, IDENTITY is still good.
ENDINGS: web.RequestKey[int] = web.RequestKey("endings")
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id")
ADDRESS: web.RequestKey[str] = web.RequestKey("address")
