"""Passwords: which are good enough, and how they are kept (Argon2id, RFC 9106, as PHC strings)."""

from __future__ import annotations

import os
import re
import secrets
import unicodedata
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from chatapp.core.errors import invalid

SHORTEST: Final = 10
LONGEST: Final = 1024
ITERATIONS: Final = 2
LANES: Final = 1
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
# The most common of lists of leaked passwords that are long enough to pass the length rule.
COMMON: Final = frozenset(
    """
    0123456789 0987654321 1029384756 1111111111 1122334455 1212121212 1234512345 1234554321 123456789a
    123456789q 1234567890 12345678901 123456789012 1234567891 12345678910 123123123123 123321123321 123qweasdzxc
    147258369a 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc 987654321a 9876543210 a123456789 aa12345678
    abc1234567 abc123abc123 abcd123456 abcd1234abcd abcde12345 abcdefghij abcdefghijk administrator administrator1
    adminadmin admin12345 admin123456 asdfasdfasdf asdfghjkl1 asdfghjkl; asdfqwer1234 basketball basketball1
    butterfly1 california changeme123 charlie123 chocolate1 christopher computer123 correcthorsebatterystaple
    dragonball elizabeth1 football123 football12 fuckyou123 google1234 helloworld helloworld1 iloveyou12
    iloveyou123 iloveyou1234 iloveyou22 jordan2323 leavemealone letmein123 letmein1234 liverpool1 loveyou123
    manchester master1234 michael123 mypassword mypassword1 p@ssw0rd123 p@ssword123 pa55word123 passw0rd12
    passw0rd123 password00 password01 password10 password11 password12 password123 password1234 password12345
    password123456 password2024 password2025 password2026 password21 password22 password99 passwordpassword
    pokemon123 princess12 princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx1234 qazwsxedc1 qazwsxedcrfv qwer123456
    qwertyqwerty qwerty1234 qwerty12345 qwerty123456 qwertyuiop qwertyuiop1 qwertyuiop123 qwertyuiop[]
    sunshine123 superman123 teamomucho test123456 testtest123 thebeatles trustno1trustno1 undertaker
    universe123 unknown123 volleyball webhompass welcome123 welcome1234 whatever123 wwwwwwwwww xxxxxxxxxx
    zaq12wsxcde3 zaq1xsw2cde3 zxcvbnm123 zxcvbnm1234 zzzzzzzzzz aaaaaaaaaa 0000000000
    """.split()  # noqa: SIM905 - one on each line would fill the file
)

_PARAMETERS: Final = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$")


def check(password: str, *, username: str = "", field: str = "password") -> str:
    """The password as it is. Too short, too long, too common or the username: ``Invalid`` with the field."""
    if len(password) < SHORTEST:
        raise invalid(field, f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise invalid(field, f"A password has at most {LONGEST} characters.")
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise invalid(field, "The password holds characters that are not text.")
    if password.casefold() in COMMON:
        raise invalid(field, "This password is among the first that others would try.")
    if username and password.casefold() == username.casefold():
        raise invalid(field, "The password must differ from the username.")
    return password


class Hasher:
    """Makes and checks password hashes of ``memory_kib`` KiB each. Blocking: run it on :attr:`worker`."""

    def __init__(self, memory_kib: int) -> None:
        self._memory = memory_kib
        # One thread: a flood of logins waits in line and leaves the other cores to the chat.
        self.worker: Executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        # Checked for names that do not exist, so that they take as long as those that do.
        self.nobody = self.hash(secrets.token_urlsafe())

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

    def _kdf(self) -> Argon2id:
        return Argon2id(
            salt=os.urandom(SALT_BYTES),
            length=HASH_BYTES,
            iterations=ITERATIONS,
            lanes=LANES,
            memory_cost=self._memory,
        )


def _bytes(password: str) -> bytes:
    # NFC: the same keys on two systems give different code points. Surrogates can only be wrong, never raise.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
