"""Watches a whole run of the tests: no secret that was used, and nothing that was said, may stand in what the servers
logged.

The log of every server in this process comes here, made by the program's own set-up, and so does what servers in
processes of their own write to stderr. Secrets are noted where they are made. At the end of the run the two are
compared, and a hit fails the run, however green the tests are.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
import structlog

from chatapp import logs
from chatapp.core import text, tokens
from chatapp.core.passwords import Hasher
from chatapp.core.sealing import Sealer
from chatapp.settings import Settings
from chatapp.storage import secrets
from tests.support.cast import PASSWORD

# Messages that carry it are secrets too.
CANARY: Final = "canary-7d1c-no-log-may-hold-this"
# Shorter ones are words of the tests ("wrong", "x"), and no real secret is that short.
SHORTEST: Final = 12
# Of a message: where shorter ones stand in a log, it may have been by chance.
SHORTEST_SAID: Final = 16
LONGEST_SAID: Final = 200
# Different characters in its beginning.
LEAST_SAID: Final = 5

_word = re.compile(r"[A-Za-z0-9_-]{12,}")
# As JSON and as text: whatever somebody asks for, which may be what somebody else has said.
_address = re.compile(r""""path": "(?:[^"\\]|\\.)*"|\bpath=(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)""")


class Stream(io.StringIO):
    """The log of this process: noted, and shown where a test that fails shows its output."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__()
        self._note = note

    def write(self, text: str) -> int:
        if text.strip():
            self._note(text)
            print(text.rstrip("\n"))
        return len(text)


class Watch:
    """What was said and what may not be said."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.test = ""
        self.stream = Stream(self.heard)
        self._secrets: set[str] = {CANARY, PASSWORD}
        # What was said in rooms, by its first characters.
        self._said: dict[str, set[str]] = {}

    def must_not_show(self, secret: str) -> None:
        if len(secret) >= SHORTEST:
            self._secrets.add(secret)

    def was_said(self, content: str) -> None:
        """A message, whose beginning is sought; not where a log would write it with escapes, nor ``xxx…``."""
        beginning = content[:SHORTEST_SAID]
        is_sought = len(beginning) == SHORTEST_SAID and len(set(beginning)) >= LEAST_SAID
        if is_sought and content.isprintable() and content.isascii():
            self._said.setdefault(beginning, set()).add(content[:LONGEST_SAID])

    def heard(self, line: str) -> None:
        """A line of the log of a server in a process of its own."""
        self.lines.append((self.test, line))

    def leaks(self) -> list[str]:
        """The test and the beginning of each line that holds a secret."""
        words = {max(_word.findall(secret), key=len, default="") for secret in self._secrets} - {""}
        phrases = [secret for secret in self._secrets if " " in secret]
        return [
            f"{test}: {text[:80]!r}"
            for test, text in self.lines
            if not words.isdisjoint(_word.findall(text))
            or any(phrase in text for phrase in phrases)
            or self._holds_what_was_said(_address.sub("", text))
        ]

    def _holds_what_was_said(self, text: str) -> bool:
        return any(
            text.startswith(content, at)
            for at in range(len(text) - SHORTEST_SAID + 1)
            for content in self._said.get(text[at : at + SHORTEST_SAID], ())
        )

    # The parts of a run

    def pytest_configure(self) -> None:
        logs.set_up(Settings(log_format="json"), stream=self.stream)
        note_results(tokens, ("new_secret", "new_token", "sign"), self.must_not_show)
        note_results(Sealer, ("seal",), self.must_not_show)
        note_results(secrets, ("load",), self._note_keys)
        note_passwords(self.must_not_show)
        note_results(text, ("clean",), self.was_said)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.test = nodeid
        # Some tests set the log up for themselves.
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(self.stream))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.leaks() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        found = self.leaks()
        if found:
            terminalreporter.section("SECRETS IN THE LOG", red=True, bold=True)
            for sentence in found[:50]:
                terminalreporter.line(sentence, red=True)
        elif len(self.lines) > 1:
            lines, known, said = len(self.lines), len(self._secrets), sum(map(len, self._said.values()))
            terminalreporter.line(f"{lines} lines were logged; none holds one of {known} secrets or {said} messages.")

    def _note_keys(self, kept: secrets.Secrets) -> None:
        for key in (*kept.session_keys, *kept.jwt_keys.values(), *kept.csrf_keys):
            self.must_not_show(key)


def note_results(owner: Any, names: tuple[str, ...], note: Callable[[Any], None]) -> None:
    """Let ``note`` see what these functions of a module or a class return."""
    for name in names:
        setattr(owner, name, _noted(getattr(owner, name), note))


def _noted(function: Callable[..., Any], note: Callable[[Any], None]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        note(result)
        return result

    return call


def note_passwords(note: Callable[[str], None]) -> None:
    """Every password that is hashed or tried."""
    for name in ("hash", "is_right"):
        original = getattr(Hasher, name)

        def call(self: Hasher, password: str, *more: str, original: Any = original) -> Any:
            note(password)
            return original(self, password, *more)

        setattr(Hasher, name, call)


WATCH: Final = Watch()
