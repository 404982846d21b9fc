"""Secrets that stand for a person: random ones, their digests, and JSON Web Tokens (RFC 7519)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chatapp.core.credentials import TokenKind

ISSUER: Final = "chatapp"
AUDIENCE: Final = "chatapp"
ALGORITHMS: Final = ["HS256"]
LEEWAY: Final = 10
LONGEST_LIFE_DAYS: Final = 366
LONGEST: Final = 4096
SHARED_KEY_BYTES: Final = 32
PREFIXES: Final[Mapping[str, TokenKind]] = {"chat_personal_": "personal", "chat_bot_": "bot"}

_DAY: Final = 86_400
# 2**53: what every JSON reader still takes for the same number.
_LAST_SECOND: Final = 2**53
# Moments are checked below, against the clock that was handed in instead of the machine's.
_OWN: Final[Any] = {
    "require": ["iss", "aud", "sub", "username", "iat", "exp", "jti"],
    "enforce_minimum_key_length": True,
    "strict_aud": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}
_SHARED: Final[Any] = {
    "enforce_minimum_key_length": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,
    "verify_jti": False,
}


class Named(msgspec.Struct, frozen=True):
    """Whom another program names, and until when (milliseconds since 1970; None: without end)."""

    username: str
    expires_at: int | None = None


class Claims(msgspec.Struct, frozen=True):
    """What one of our JWTs says; moments in seconds since 1970. Extra claims are nobody's business."""

    sub: str
    username: str
    iat: int
    exp: int
    jti: str


def new_secret() -> str:
    """256 random bits for a URL, a cookie or a header."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 in hexadecimal: all that is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_digest(text: str) -> bool:
    """Whether it has the form of one: a database need not be asked for anything else, and PostgreSQL refuses a NUL."""
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def new_token(kind: TokenKind) -> str:
    return f"chat_{kind}_{new_secret()}"


def kind_of(token: str) -> TokenKind | None:
    """The kind a random token claims to be; None for anything else."""
    return next((kind for prefix, kind in PREFIXES.items() if token.startswith(prefix)), None)


def sign(claims: Claims, keys: Mapping[str, str]) -> str:
    """A JWT under the first of ``keys`` (by key id)."""
    import jwt

    kid, key = next(iter(keys.items()))
    payload = {"iss": ISSUER, "aud": AUDIENCE, **msgspec.structs.asdict(claims)}
    return jwt.encode(payload, key, algorithm=ALGORITHMS[0], headers={"kid": kid})


def is_ours(token: str, keys: Mapping[str, str]) -> bool:
    """Whether the token names one of our keys; says nothing about its signature."""
    import jwt

    try:
        return jwt.get_unverified_header(token).get("kid") in keys
    except Exception:
        return False


def read_own(token: str, keys: Mapping[str, str], now: int) -> Claims | None:
    """The claims of a JWT of ours that is genuine and alive at ``now`` (seconds); else None."""
    if len(token) > LONGEST or not is_ours(token, keys):
        return None
    import jwt

    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        payload = jwt.decode(
            token, key, algorithms=ALGORITHMS, audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY, options=_OWN
        )
        claims = msgspec.convert(payload, Claims)
    except Exception:  # whoever forges a token must not get to choose an error that we did not think of
        return None
    life = claims.exp - claims.iat
    is_alive = claims.iat - LEEWAY <= now < claims.exp + LEEWAY
    return claims if is_alive and 0 < life <= LONGEST_LIFE_DAYS * _DAY and _is_begun(payload, now) else None


def read_shared(
    token: str, secret: str, now: int, *, audience: str = "", is_weak_allowed: bool = False
) -> Named | None:
    """Who is named in a JWT that another program signed with the shared secret; None unless genuine and alive.

    With an ``audience`` the token must name it, alone or among others; without one it is meant for anybody.
    """
    if len(token) > LONGEST or not secret:
        return None
    import jwt

    key = secret.encode()
    if is_weak_allowed:
        # HMAC itself fills short keys up with zeros (RFC 2104): the same signature, without PyJWT's refusal.
        key = key.ljust(SHARED_KEY_BYTES, b"\0")
    try:
        options: Any = {**_SHARED, "verify_aud": bool(audience)}
        payload = jwt.decode(token, key, algorithms=ALGORITHMS, audience=audience or None, options=options)
    except Exception:  # as above
        return None
    if not _is_begun(payload, now) or not _is_unexpired(payload, now):
        return None
    name = payload["username"] if "username" in payload else payload.get("sub")
    expires_at = int((payload["exp"] + LEEWAY) * 1000) if "exp" in payload else None
    return Named(name, expires_at) if isinstance(name, str) else None


def _is_begun(payload: Mapping[str, Any], now: int) -> bool:
    return "nbf" not in payload or (_is_moment(payload["nbf"]) and payload["nbf"] - LEEWAY <= now)


def _is_unexpired(payload: Mapping[str, Any], now: int) -> bool:
    return "exp" not in payload or (_is_moment(payload["exp"]) and now < payload["exp"] + LEEWAY)


def _is_moment(value: object) -> bool:
    # Python counts True as a number, and JSON knows NaN, which compares as False with everything.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST_SECOND
