"""Forms are taken from our own pages only: the browser says so, and a token bound to the session proves it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp_session import Session, get_session

from chatapp.core.errors import Forbidden
from chatapp.keys import IDENTITY
from chatapp.web.forms import fields
from chatapp.web.language import _
from chatapp.web.origins import is_own_form, is_silent, is_unsafe, may_use_cookie
from chatapp.web.paths import is_api
from chatapp.web.session import form_id

CSRF_KEYS: Final = web.AppKey("csrf_keys", tuple[bytes, ...])
MAC_BYTES: Final = hashlib.sha256().digest_size


class CsrfToken:
    """Drawn when a template prints it: a page without a form makes no session."""

    def __init__(self, key: bytes, session: Session) -> None:
        self._key = key
        self._session = session

    def __str__(self) -> str:
        # Masked: the same bytes beside reflected text on many compressed pages could be guessed (BREACH).
        mask = secrets.token_bytes(MAC_BYTES)
        return base64.urlsafe_b64encode(mask + _xor(mask, _mac(self._key, form_id(self._session)))).decode()

    def __html__(self) -> str:
        return str(self)


def is_genuine(token: str, keys: Sequence[bytes], session: Session) -> bool:
    """Whether a form carries a token made for the same session, under any of the keys."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        return False
    if len(raw) != 2 * MAC_BYTES or not session.get("id"):
        return False
    mac = _xor(raw[:MAC_BYTES], raw[MAC_BYTES:])
    return any(hmac.compare_digest(mac, _mac(key, session["id"])) for key in keys)


@web.middleware
async def csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    if is_unsafe(request) and not _is_by_token(request) and not _is_nowhere(request):
        session = await get_session(request)
        if is_api(request):
            _refuse_foreign_cookie(request, session)
        else:
            await _refuse_foreign_form(request, session)
    return await handler(request)


def _is_by_token(request: web.Request) -> bool:
    """No browser adds a token by itself. One that is not good does not count: behind it may be a cookie."""
    identity = request[IDENTITY]
    return identity is not None and identity.session_digest is None


def _is_nowhere(request: web.Request) -> bool:
    """No handler will act: the answer is 404 or 405 whatever was sent."""
    return request.match_info.http_exception is not None


def _refuse_foreign_cookie(request: web.Request, session: Session) -> None:
    """A signed-in browser must say where the call comes from; scripts without a cookie need not."""
    if session.get("secret") and not may_use_cookie(request):
        raise Forbidden(_("This call carries a session cookie but does not come from a page of this server."))


async def _refuse_foreign_form(request: web.Request, session: Session) -> None:
    # Nobody acts as somebody by a form that logs in, registers or resets: of those the token is proof enough.
    is_a_scripts = is_silent(request) and not session.get("secret")
    if not is_own_form(request) and not is_a_scripts:
        raise Forbidden(_("This form was not sent from a page of this server."))
    tokens = (await fields(request)).getall("csrf", [])
    keys = request.config_dict[CSRF_KEYS]
    if len(tokens) != 1 or not isinstance(tokens[0], str) or not is_genuine(tokens[0], keys, session):
        raise Forbidden(
            _(
                "This form is too old, as after logging out, or cookies are off. "
                "Go back, copy what you wrote, load the page anew and send it again."
            )
        )


def _mac(key: bytes, session_id: str) -> bytes:
    return hmac.digest(key, session_id.encode(), "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
