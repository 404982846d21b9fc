"""Web Push: what a browser is subscribed with, and how a notice is sealed and signed for it (RFC 8030, 8291, 8292).

Sealing needs ``http_ece``, of the extra ``push``.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import importlib.util
import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from chatapp.core.destinations import HTTPS, Network, is_number, may_reach
from chatapp.core.errors import invalid
from chatapp.core.language import _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

LONGEST_ENDPOINT: Final = 2048
POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
# RFC 8292 allows a day; a push service may be told its time otherwise than we are.
TOKEN_SECONDS: Final = 12 * 3600
# Every notice is as long as this, so that its length says nothing. RFC 8030: 4096 are always taken, sealed.
PADDED_BYTES: Final = 3072
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_base64: Final = re.compile(r"[A-Za-z0-9_-]*")


class Subscription(msgspec.Struct, frozen=True):
    """A browser as its push service knows it. ``p256dh`` is its public key, ``auth`` a secret that it shares with us;
    ``key`` is the public key of ours that it takes notices from. All three in URL-safe base64 without padding."""

    endpoint: str
    p256dh: str
    auth: str
    key: str


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the browser shows. One with the ``tag`` of another takes its place; ``url`` is opened by a click."""

    title: str
    body: str
    tag: str
    url: str
    room: str = ""


def is_installed() -> bool:
    """Whether the extra ``push`` is."""
    return importlib.util.find_spec("http_ece") is not None


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str, length: int) -> bytes:
    """Raises ``ValueError`` for anything but so many bytes in URL-safe base64."""
    if not _base64.fullmatch(text):
        raise ValueError(text)
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(value) != length:
        raise ValueError(text)
    return value


def endpoint(text: str, allowed: Sequence[Network] = ()) -> str:
    """An address of a push service: https, its usual port. Where the operator has ``allowed`` networks others may be
    taken too; that they lie there is asked of numbers now, of names when something is sent. Raises ``Invalid``."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_usual = parts.scheme == "https" and port in {None, HTTPS}
    is_clean = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    is_bare = bool(parts.hostname) and "@" not in parts.netloc and "#" not in text
    is_taken = is_usual or (bool(allowed) and parts.scheme in {"http", "https"})
    if not (is_clean and is_bare and is_taken and is_open(parts, allowed)) or len(text) > LONGEST_ENDPOINT:
        raise invalid("endpoint", _("This is not the address of a push service."))
    return text


def is_open(parts: SplitResult, allowed: Sequence[Network]) -> bool:
    """Whether this server may go there, as far as can be said without looking a name up; what is not encrypted goes to
    the operator's own networks only."""
    host, is_plain = parts.hostname or "", parts.scheme != "https"
    port = parts.port or (80 if is_plain else HTTPS)
    return not (is_number(host) and not may_reach(host, port, allowed)) and not (is_plain and port == HTTPS)


def public_key(text: str) -> str:
    """Of a browser: a point of P-256. Raises ``Invalid``."""
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(text, POINT_BYTES))
    except (ValueError, binascii.Error):
        raise invalid("p256dh", _("This is not the key of a browser.")) from None
    return text


def secret(text: str) -> str:
    """That a browser shares with us. Raises ``Invalid``."""
    try:
        decoded(text, AUTH_BYTES)
    except (ValueError, binascii.Error):
        raise invalid("auth", _("This is not the key of a browser.")) from None
    return text


def origin(address: str) -> str:
    """Scheme, host and port of an endpoint."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


class PushKeys:
    """With which this chat signs what it sends (VAPID): each made from a key of ``secrets.json``, the newest first.

    So they are made at the first start, are the same in all processes, and change when those are changed.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets

    @property
    def newest(self) -> str:
        """The public key that browsers are subscribed with from now on."""
        return next(iter(self._keys))

    def __contains__(self, public: object) -> bool:
        return public in self._keys

    def authorization(self, public: str, address: str, subject: str, now: int) -> str:
        """The header for a push service (RFC 8292, section 3); ``now`` in seconds. Raises ``KeyError``."""
        import jwt

        claims = {"aud": origin(address), "exp": now + TOKEN_SECONDS, "sub": subject}
        return f"vapid t={jwt.encode(claims, self._keys[public], algorithm='ES256')}, k={public}"

    # Made when first asked for: most starts never need them.
    @cached_property
    def _keys(self) -> dict[str, EllipticCurvePrivateKey]:
        private = [_derived(each) for each in self._secrets]
        return {encoded(_point(each)): each for each in private}


def sealed(notice: Notice, subscription: Subscription, **fixed: Any) -> bytes:
    """The body for the push service, which only the browser can open (RFC 8291)."""
    plain = msgspec.json.encode(notice)
    return seal(plain + b" " * (PADDED_BYTES - len(plain)), subscription, **fixed)


def seal(plain: bytes, subscription: Subscription, *, private_key: Any = None, salt: bytes | None = None) -> bytes:
    """``private_key`` and ``salt`` are made anew unless given."""
    import http_ece
    from cryptography.hazmat.primitives.asymmetric import ec

    return http_ece.encrypt(  # type: ignore[no-any-return]
        plain,
        salt=salt,
        private_key=private_key or ec.generate_private_key(ec.SECP256R1()),
        dh=decoded(subscription.p256dh, POINT_BYTES),
        auth_secret=decoded(subscription.auth, AUTH_BYTES),
        version="aes128gcm",
    )


def _derived(text: str) -> EllipticCurvePrivateKey:
    """A private key by a wider number than its own, modulo the order (FIPS 186-5, A.2.1)."""
    from cryptography.hazmat.primitives.asymmetric import ec

    wide = hmac.digest(text.encode(), b"chatapp web push", "sha512")
    return ec.derive_private_key(int.from_bytes(wide) % (_ORDER - 1) + 1, ec.SECP256R1())


def _point(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
