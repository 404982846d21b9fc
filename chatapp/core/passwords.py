"""Passwords: which are good enough, and how they are kept (Argon2id, RFC 9106, as PHC strings)."""

from __future__ import annotations

import base64
import os
import re
import unicodedata
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from chatapp.core.errors import invalid
from chatapp.core.language import _

SHORTEST: Final = 10
LONGEST: Final = 1024
ITERATIONS: Final = 2
LANES: Final = 1
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
PRODUCT: Final = "chatapp"
# Read once, as code is: nothing is opened while somebody waits.
COMMON: Final = frozenset(
    line for line in Path(__file__).with_name("common_passwords.txt").read_text().split("\n") if line and line[0] != "#"
)

_PARAMETERS: Final = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$")


def check(password: str, *names: str, field: str = "password") -> str:
    """The password as it is. Too short, too long, too common, or made of ``names`` that others know of the person or
    the place: ``Invalid`` with the field."""
    if len(password) < SHORTEST:
        raise invalid(field, _("A password has at least {n} characters.").format(n=SHORTEST))
    if len(password) > LONGEST:
        raise invalid(field, _("A password has at most {n} characters.").format(n=LONGEST))
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise invalid(field, _("The password holds characters that are not text."))
    if password.casefold() in COMMON:
        raise invalid(field, _("This password is among the first that others would try."))
    if _is_made_of(password.casefold(), [name.casefold() for name in (PRODUCT, *names)]):
        raise invalid(field, _("The password is made of names that others know."))
    return password


def _is_made_of(password: str, names: list[str]) -> bool:
    """Whether a password is one of the names, or says nothing but words of them, digits and signs."""
    rest = "".join(_words(password))
    for word in sorted({word for name in names for word in _words(name)}, key=len, reverse=True):
        rest = rest.replace(word, "")
    return password in names or (not rest and any(map(str.isalpha, password)))


def _words(text: str) -> list[str]:
    return "".join(character if character.isalpha() else " " for character in text).split()


class Hasher:
    """Makes and checks password hashes of ``memory_kib`` KiB each. Blocking: run it on :attr:`worker`."""

    def __init__(self, memory_kib: int) -> None:
        self._memory = memory_kib
        # One thread: a flood of logins waits in line and leaves the other cores to the chat.
        self.worker: Executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        # Checked for names that do not exist, so that they take as long as those that do. No password has made it.
        self.nobody = self._phc(os.urandom(SALT_BYTES), os.urandom(HASH_BYTES))

    def hash(self, password: str) -> str:
        return self._kdf().derive_phc_encoded(_bytes(password))

    def is_right(self, password: str, phc: str) -> bool:
        """Never raises: a hash that is empty or damaged fits no password."""
        if len(password) > LONGEST:
            password = ""
        try:
            Argon2id.verify_phc_encoded(_bytes(password), phc)
        except (InvalidKey, MemoryError, ValueError):
            return False
        return True

    def needs_rehash(self, phc: str) -> bool:
        """True when the hash was made with less than today's parameters."""
        found = _PARAMETERS.match(phc)
        return not found or tuple(map(int, found.groups())) < (self._memory, ITERATIONS, LANES)

    def _phc(self, salt: bytes, digest: bytes) -> str:
        return f"$argon2id$v=19$m={self._memory},t={ITERATIONS},p={LANES}${_base64(salt)}${_base64(digest)}"

    def _kdf(self) -> Argon2id:
        return Argon2id(
            salt=os.urandom(SALT_BYTES),
            length=HASH_BYTES,
            iterations=ITERATIONS,
            lanes=LANES,
            memory_cost=self._memory,
        )


def _base64(value: bytes) -> str:
    return base64.b64encode(value).rstrip(b"=").decode()


def _bytes(password: str) -> bytes:
    # NFC: the same keys on two systems give different code points. Surrogates can only be wrong, never raise.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
