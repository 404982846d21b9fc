"""Words, values and bytes, mostly what belongs somewhere and sometimes anything."""

from __future__ import annotations

import random
from typing import Any, Final
from urllib.parse import quote

NAMES: Final = (
    "general",
    "ops",
    "ada",
    "grace",
    "new",
    "dm-1-2",
    "..",
    "",
    " ",
    "x" * 70,
    "x" * 5000,
    "général",
    "🦊",
    "a/b",
)
NASTY: Final = (
    "\0",
    "\r\n",
    "\u202e",
    "\u200b",
    "\u0301" * 50,
    "'",
    '"',
    "<script>",
    "{{7*7}}",
    "%s%n",
    "../../etc",
    "\ufeff",
    "\u2028",
)
NUMBERS: Final = (0, 1, 2, -1, 50, 2**31, 2**53, 2**53 + 1, 2**63, 2**64, 2**70, 10**400, 1.5, 1e308, -0.0)
SPLICES: Final = (
    b"",
    b"\0",
    b"\xff",
    b"\r\n",
    b"\n",
    b" ",
    b'"',
    b"{",
    b"[",
    b"%",
    b"%00",
    b"\\ud800",
    b"9" * 30,
    b"\xed\xa0\x80",
)


def value(chance: random.Random, name: str) -> Any:
    """Mostly what belongs there, sometimes anything."""
    if chance.random() < 0.7:
        likely = {"room": "general", "html": True, "active": True, "ref": 1, "epoch": ""}
        if name in likely:
            return likely[name]
        return word(chance) if name in {"content", "client_id"} else chance.randrange(1, 60)
    return chance.choice(
        (None, True, [], {}, ["x"], {"$gt": ""}, "\ud800", chance.choice(NUMBERS), word(chance), chance.choice(NAMES))
    )


def word(chance: random.Random) -> str:
    pieces = chance.choices(
        (*NAMES, *NASTY, "https://example.org/?a=b", "hello", "1", "-1", "٣"), k=chance.choice((1, 1, 1, 2, 5))
    )
    return "".join(pieces) * chance.choice((1, 1, 1, 1, 40))


def quoted(chance: random.Random, word: str) -> str:
    return quote(word[:200], safe=chance.choice(("", "/%&=+")))


def segment(chance: random.Random, name: str) -> str:
    likely = {"slug": "general", "room": "general", "username": "grace", "index": "1", "id": "1"}
    if name in likely and chance.random() < 0.7:
        return chance.choice((likely[name], "ops", "2")) if name in {"slug", "room"} else str(likely[name])
    return chance.choice(
        (quote(chance.choice(NAMES)[:900], safe=""), str(chance.choice(NUMBERS)), quoted(chance, chance.choice(NASTY)))
    )


def mutated(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        start = chance.randrange(len(changed) + 1)
        end = min(len(changed), start + chance.choice((0, 0, 1, 1, 4, 30)))
        piece = chance.choice((*SPLICES, bytes(changed[start:end]) * 2, chance.randbytes(3)))
        changed[start:end] = piece
    return bytes(changed)
