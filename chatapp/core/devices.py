"""Browsers that an account has logged in from before: a signed cookie, which a guesser does not have.

After "Slow Down Online Guessing Attacks with Device Cookies" (OWASP).
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from chatapp.core import tokens

LONGEST: Final = 200


def issue(person_id: int, keys: Sequence[str]) -> str:
    """What the browser keeps. It opens nothing: it only gives tries of its own."""
    name = f"{person_id}.{tokens.new_secret()}"
    return f"{name}.{_mac(name, keys[0])}"


def known(device: str, person_id: int, keys: Sequence[str]) -> str:
    """The name of a device that this person has logged in from; empty for anything else."""
    name, _, mac = device.rpartition(".")
    if len(device) > LONGEST or not device.isascii() or not name.startswith(f"{person_id}."):
        return ""
    return name if any(hmac.compare_digest(mac, _mac(name, key)) for key in keys) else ""


def _mac(name: str, key: str) -> str:
    return hmac.digest(key.encode(), f"device {name}".encode(), "sha256").hex()
