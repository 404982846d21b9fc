"""Envelopes: text that passes through other hands, or rests in the database for a while, and holds a secret.

One is base64url without padding of a version, random bytes and what AES-256-GCM makes of the content. Each has a key of
its own, derived with the random bytes: ``docs/decisions/0042-envelopes.md``.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LONGEST: Final = 65_536

_VERSION: Final = b"\x01"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_VERSION) + _SALT_BYTES + _NONCE_BYTES
_KEY_BYTES: Final = 32
_HASH: Final = hashes.SHA256()
# The version of Fernet, in which envelopes were sealed before.
_FERNET: Final = "gA"


class Opened(msgspec.Struct, frozen=True):
    """What an envelope held. ``is_current``: it would be sealed in the same way, and with the same key, today."""

    content: bytes
    is_current: bool


class Sealer:
    """Envelopes of one purpose; those of another do not open.

    ``keys`` are 32 bytes each in URL-safe base64: the first one seals, all of them open.
    """

    def __init__(self, purpose: str, keys: Sequence[str]) -> None:
        self._purpose = purpose.encode()
        self._keys = [base64.urlsafe_b64decode(key) for key in keys]
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, content: bytes) -> str:
        """Raises ``ValueError`` where the envelope would be longer than :data:`LONGEST` characters."""
        head = _VERSION + secrets.token_bytes(_SALT_BYTES + _NONCE_BYTES)
        envelope = _text(head + self._cipher(self._keys[0], head).encrypt(_nonce(head), content, self._bound_to(head)))
        if len(envelope) > LONGEST:
            raise ValueError("That is too long to be sealed.")
        return envelope

    def open(self, envelope: str) -> Opened:
        """Raises ``ValueError`` for whatever was not sealed for this purpose with one of the keys."""
        if len(envelope) > LONGEST:
            raise ValueError("That is too long for an envelope.")
        if envelope.startswith(_FERNET):
            return self._open_fernet(envelope)
        head, sealed = _parts(envelope)
        for key in self._keys:
            with suppress(InvalidTag):
                content = self._cipher(key, head).decrypt(_nonce(head), sealed, self._bound_to(head))
                return Opened(content, is_current=key is self._keys[0])
        raise ValueError("None of the keys opens it.")

    def _open_fernet(self, envelope: str) -> Opened:
        try:
            return Opened(self._fernet.decrypt(envelope), is_current=False)
        except InvalidToken:
            raise ValueError("None of the keys opens it.") from None

    def _cipher(self, key: bytes, head: bytes) -> AESGCM:
        salt = head[len(_VERSION) : -_NONCE_BYTES]
        return AESGCM(HKDF(algorithm=_HASH, length=_KEY_BYTES, salt=salt, info=self._purpose).derive(key))

    def _bound_to(self, head: bytes) -> bytes:
        return head[: len(_VERSION)] + self._purpose


def _nonce(head: bytes) -> bytes:
    return head[-_NONCE_BYTES:]


def _parts(envelope: str) -> tuple[bytes, bytes]:
    raw = base64.urlsafe_b64decode(envelope + "=" * (-len(envelope) % 4))
    # Python reads past signs that do not belong there, and past bits that are over at the end.
    if _text(raw) != envelope or not raw.startswith(_VERSION) or len(raw) < _HEAD_BYTES:
        raise ValueError("That is no envelope.")
    return raw[:_HEAD_BYTES], raw[_HEAD_BYTES:]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
