"""Any environment gives settings or sentences about what is wrong; secrets are in neither."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatapp.settings import Settings, SettingsError
from tests.support.rounds import rounds

# So many examples take their time.
pytestmark = pytest.mark.timeout(rounds(180, 1800))

SPECS = {f"CHATAPP_{spec.name.upper()}": spec for spec in dataclasses.fields(Settings)}
SECRETS = sorted(name for name, spec in SPECS.items() if spec.metadata["secret"])
words = st.sampled_from(
    ["", "0", "1", "-1", "on", "off", "yes", "٣", "1e3", "9" * 5000, "https://chat.example.org", "https://", "http://[",
     "http://a:99999", "smtp://user:pa:ss@host:587", "10.0.0.0/8", "::/0", "10.0.0.0/99", "~", "~nobody/x", "full",
     "json", "open", "\udcff", "a\nb", " ", "/", "file:///etc/passwd", "http://a?b", "http://a#b", "0x10", "1_000"]
)  # fmt: skip
# What an environment can hold: no NUL.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=40)
environments = st.dictionaries(
    st.sampled_from([*SPECS, *(name + "_FILE" for name in SECRETS), "CHATAPP_NONSENSE", "PATH", "CHATAPP_"]),
    words | texts,
    max_size=6,
)


def said_of(environ: dict[str, str]) -> str:
    """Everything that is told about an environment: of its mistakes, or of the settings it makes."""
    try:
        found = Settings.from_env(environ)
    except SettingsError as error:
        return str(error)
    return "\n".join([*found.warnings(), *(" ".join(row) for row in found.table())])


@settings(max_examples=rounds(400, 50_000), deadline=None)
@given(environ=environments)
@example(environ={"CHATAPP_DATA": "~nobody-of-that-name/data"})
@example(environ={"CHATAPP_SHARED_JWT_SECRET": "\udcff" * 40})
@example(environ={"CHATAPP_SMTP_URL_FILE": "/"})
def test_any_environment_gives_settings_or_sentences(environ: dict[str, str]) -> None:
    said = said_of(environ)
    assert said.strip()
    assert all(len(line) < 10_000 for line in said.splitlines())


@pytest.mark.parametrize("name", SECRETS)
@settings(max_examples=rounds(30, 2000), deadline=None)
@given(secret=st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=12), more=environments)
def test_a_secret_is_never_said(name: str, secret: str, more: dict[str, str]) -> None:
    said = said_of({**more, name: f"q{secret}q"})
    assert f"q{secret}q" not in said


@settings(max_examples=rounds(50, 1000), deadline=None)
@given(content=st.binary(max_size=80))
def test_a_file_of_any_bytes_is_a_secret_or_a_sentence(tmp_path_factory: Any, content: bytes) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "secret"
    path.write_bytes(content)
    said = said_of({"CHATAPP_SHARED_JWT_SECRET_FILE": os.fspath(path)})
    # The name of the file, but nothing of what is in it.
    assert content.decode("latin-1") not in said or len(content) < 12
