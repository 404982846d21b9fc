"""No file of the repository holds a secret: every form that one of ours can have is looked for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chatapp.core import tokens
from chatapp.storage import secrets
from tests.support.needs import needs
from tests.support.source import ROOT

FORMS: Final = (
    # 32 bytes: tokens, links, cookies, the keys of secrets.json, those of browsers and for push services.
    r"(?a:(?<![\w+-])(?:chat_[a-z]+_)?(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{43}(?![\w+/-]))",
    r"(?a:eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{40,})",
    r"BEGIN [A-Z ]*PRIVATE KEY",
)
SECRET: Final = re.compile("|".join(FORMS))
PASSWORD: Final = re.compile(r"://[^\s/:@\"'`]*:([^\s/@\"'`$]+)@")
FILE: Final = re.compile(r"(^|/)(\.env[^/]*|secrets\.json[^/]*|id_[a-z0-9]+|[^/]+\.(pem|key|p12|pfx|db|mark))$")
# How many each has: those two are printed in RFC 8291.
PUBLIC: Final = {"tests/core/test_push.py": 2}
# In what is said about addresses; those of tests are the tests' own.
EXAMPLES: Final = {"password", "a%20long%20one", "another-long-one"}


def tracked() -> list[str]:
    needs("A git repository (git)", is_there=(ROOT / ".git").exists())
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if (ROOT / name).is_file()]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(errors="replace")


def made(folder: Path) -> dict[str, str]:
    """A secret of each kind, as it is anywhere where it ought not to be."""
    secrets.load(folder)
    claims = tokens.Claims("1", "ada", 0, 1, "1")
    key = ec.generate_private_key(ec.SECP256R1())
    return {
        "personal": f"token: {tokens.new_token('personal')}",
        "bot": f'"{tokens.new_token("bot")}"',
        "link": f"https://chat.example.org/join/{tokens.new_secret()}",
        "JWT": tokens.sign(claims, {"a": "0" * 32}),
        "keys": (folder / secrets.FILE).read_text(),
        "PEM": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }


@pytest.mark.parametrize("kind", ["personal", "bot", "link", "JWT", "keys", "PEM"])
def test_each_kind_of_ours_is_known_by_its_form(tmp_path: Path, kind: str) -> None:
    # One of a thousand has no digit in it.
    assert any(SECRET.search(made(tmp_path / f"{number}")[kind]) for number in range(3))


def test_no_file_holds_one() -> None:
    found = {name: len(SECRET.findall(text_of(name))) for name in tracked()}
    assert {name: count for name, count in found.items() if count} == PUBLIC


def test_no_file_is_one() -> None:
    assert [name for name in tracked() if FILE.search(name)] == []


def test_no_address_holds_a_password() -> None:
    told = {word for name in tracked() if not name.startswith("tests/") for word in PASSWORD.findall(text_of(name))}
    assert told == EXAMPLES
