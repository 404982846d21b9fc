"""What tests need of the machine: in CI its absence is a failure; elsewhere a run ends by saying what was not tried."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


class NotTried:
    """Says in red, behind everything else, what could not be tried."""

    def __init__(self) -> None:
        self.reasons = set[str]()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.reasons:
            terminalreporter.section("NOT TRIED", red=True, bold=True)
        for reason in sorted(self.reasons):
            terminalreporter.line(reason, red=True)


NOT_TRIED = NotTried()


def lacking(what: str) -> NoReturn:
    """End the test that needs ``what``: fail where ``CI`` is set, skip and say so elsewhere."""
    reason = f"{what} is missing. See packages in .ci/run."
    if os.environ.get("CI"):
        pytest.fail(reason)
    NOT_TRIED.reasons.add(reason)
    pytest.skip(reason)


def needs(what: str, *, is_there: bool) -> None:
    """As :func:`lacking`, unless it is there."""
    if not is_there:
        lacking(what)
