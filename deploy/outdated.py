"""Says which libraries have newer releases than the one a chat is made of, and fails where that is so for too long.

A number does not tell whether a release mends a hole: each counts as if it did. pip is asked what it would take today,
and what it would have taken some days ago, so the index must tell when files were uploaded (PEP 700), as PyPI does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy import sbom

# What strangers send goes through these.
REACHED: Final = frozenset(
    {
        *("aiohttp", "aiohttp-session", "cryptography", "jinja2", "markupsafe", "msgspec", "multidict", "pyjwt"),
        *("sqlalchemy", "yarl"),
    }
)
DAYS_REACHED: Final = 7
DAYS: Final = 30
PIP: Final = (sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report=-")

Versions = Mapping[str, str]


class NoAnswer(Exception):
    """The index did not say of every library which releases there are, and when they came."""


class Behind(NamedTuple):
    """A library with a newer release, which has been there for at least ``days`` (0, 7 or 30)."""

    name: str
    has: str
    newest: str
    days: int

    @property
    def is_late(self) -> bool:
        return self.days >= (DAYS_REACHED if self.name in REACHED else DAYS)

    def __str__(self) -> str:
        since = f"for more than {self.days} days" if self.days else f"for less than {DAYS_REACHED} days"
        return f"{self.name} {self.has} is behind {self.newest} {since}{': too long' if self.is_late else ''}"


def locked() -> Versions:
    """What a chat is made of: the lock, and what the image has besides."""
    return {canonicalize_name(part["name"]): part["version"] for part in sbom.bill()["components"]}


def resolved(names: list[str], days: int) -> Versions:
    """The versions pip would have taken that many days ago. Raises :class:`NoAnswer`."""
    before = [f"--uploaded-prior-to=P{days}D"] if days else []
    done = subprocess.run([*PIP, *before, *names], capture_output=True, text=True, check=False)  # noqa: S603 - pip, and names of ours
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.strip()]
        raise NoAnswer(f"The index gave no answer about every library. {errors[-1] if errors else 'pip is silent.'}")
    found = [each["metadata"] for each in json.loads(done.stdout)["install"]]
    return {canonicalize_name(each["name"]): each["version"] for each in found}


def behind(has: Versions, ask: Callable[[list[str], int], Versions]) -> Iterator[Behind]:
    """What is older than what ``ask`` says of these names and a number of days. Raises :class:`NoAnswer`."""
    newest, *earlier = [(days, ask(sorted(has), days)) for days in (0, DAYS_REACHED, DAYS)]
    for name, version in sorted(has.items()):
        if any(name not in found for _, found in (newest, *earlier)):
            raise NoAnswer(f"The index gave no answer about {name}.")
        if Version(newest[1][name]) > Version(version):
            since = max((days for days, found in earlier if Version(found[name]) > Version(version)), default=0)
            yield Behind(name, version, newest[1][name], since)


def main() -> int:
    """0: none is behind for too long. 1: one is. 2: that could not be found out."""
    has = locked()
    try:
        found = list(behind(has, resolved))
    except NoAnswer as error:
        print(error, file=sys.stderr)
        return 2
    print(*found, f"{len(has) - len(found)} of {len(has)} libraries are the newest there are.", sep="\n")
    return 1 if any(each.is_late for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
