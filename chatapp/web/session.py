"""The session cookie: an encrypted envelope around an opaque secret that the server can revoke."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
from aiohttp import web
from aiohttp_session import AbstractStorage, Session, get_session

from chatapp.core.sealing import Sealer

PURPOSE: Final = "session cookie"
ID_BYTES: Final = 16
DAY_SECONDS: Final = 86_400
MOST_FLASHES: Final = 4
MOST_FLASH_CHARACTERS: Final = 300
# A browser takes 4,096 bytes; more than one is kept only where somebody makes some in several tabs at once.
MOST_KEPT: Final = 3

FlashKind = Literal["ok", "bad", "warn"]


class Flash(msgspec.Struct, frozen=True):
    """A sentence shown on the next page, once."""

    kind: FlashKind
    text: str


class Payload(msgspec.Struct, omit_defaults=True):
    """What the envelope holds. ``id`` binds forms to this browser, ``secret`` names the signed-in session."""

    id: str = ""
    secret: str = ""
    is_remembered: bool = False
    room: str = ""
    flashes: list[Flash] = []
    once: dict[str, str] = {}


class SessionStorage(AbstractStorage):
    """Never raises on what a browser sends: garbage is an empty session, and the cookie is taken away."""

    def __init__(self, keys: Sequence[str], *, is_https: bool, days: int) -> None:
        super().__init__(
            cookie_name="__Host-session" if is_https else "session",
            secure=is_https,
            httponly=True,
            samesite="Lax",
        )
        self._sealer = Sealer(PURPOSE, keys)
        self._remembered_seconds = days * DAY_SECONDS

    async def load_session(self, request: web.Request) -> Session:
        cookie = self.load_cookie(request)
        session = Session(None, data=None, new=True)
        if cookie is None:
            return session
        try:
            opened = self._sealer.open(cookie)
            payload = msgspec.json.decode(opened.content, type=Payload)
        except ValueError:
            session.changed()
            return session
        session.update(_filled(payload))
        session._changed = not opened.is_current
        return session

    async def save_session(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        if session.empty:
            # A browser keeps a cookie whose deletion lacks the attributes it was set with.
            response.del_cookie(self.cookie_name, path="/", secure=self._is_secure, httponly=True, samesite="Lax")
            return
        payload = msgspec.convert(dict(session), Payload)
        value = self._sealer.seal(msgspec.json.encode(payload))
        max_age = self._remembered_seconds if payload.is_remembered else None
        response.set_cookie(
            self.cookie_name, value, max_age=max_age, path="/", secure=self._is_secure, httponly=True, samesite="Lax"
        )

    @property
    def _is_secure(self) -> bool:
        return bool(self.cookie_params["secure"])


def begin(session: Session, secret: str, *, is_remembered: bool = False) -> None:
    """Sign in: everything about the cookie is new, so that one planted beforehand is worth nothing."""
    session.invalidate()
    session["id"] = secrets.token_urlsafe(ID_BYTES)
    session["secret"] = secret
    session["is_remembered"] = is_remembered


def form_id(session: Session) -> str:
    """The id that forms are bound to, made when first needed."""
    if not session.get("id"):
        session["id"] = secrets.token_urlsafe(ID_BYTES)
    return str(session["id"])


async def flash(request: web.Request, text: str, kind: FlashKind = "ok") -> None:
    session = await get_session(request)
    form_id(session)
    flashes = [*session.get("flashes", []), {"kind": kind, "text": text[:MOST_FLASH_CHARACTERS]}]
    session["flashes"] = flashes[-MOST_FLASHES:]


async def keep_once(request: web.Request, name: str, secret: str) -> None:
    """For the page that follows a form: only the browser keeps it meanwhile, and cannot read it."""
    session = await get_session(request)
    form_id(session)
    once = {**session.get("once", {}), name: secret}
    session["once"] = dict(list(once.items())[-MOST_KEPT:])


async def take_once(request: web.Request, name: str) -> str:
    """What was kept under that name, "" from the second time on."""
    session = await get_session(request)
    if name not in session.get("once", {}):
        return ""
    session.changed()
    return str(session["once"].pop(name))


def take_flashes(session: Session) -> list[dict[str, str]]:
    return list(session.pop("flashes", []))


def _filled(payload: Payload) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(payload)
    return values
