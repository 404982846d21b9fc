"""Lists what a chat is made of, as CycloneDX 1.6: the libraries of requirements.lock, and of the image's optional ones.

Source: https://cyclonedx.org/docs/1.6/json/. The same lock gives the same bytes: no time, no serial number.
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import chatapp

ROOT: Final = Path(__file__).parent.parent
PROGRAM: Final = {
    "type": "application",
    "bom-ref": "chatapp",
    "name": "chatapp",
    "version": chatapp.__version__,
    "licenses": [{"license": {"id": "MIT"}}],
}
PINNED: Final = re.compile(r"\b([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)")


def bill() -> dict[str, Any]:
    """The bill of materials."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": PROGRAM},
        "components": [
            *(_library(*pin, scope="required") for pin in _pins("requirements.lock")),
            *(_library(*pin, scope="optional") for pin in _pins("deploy/Containerfile")),
        ],
        "dependencies": [{"ref": PROGRAM["bom-ref"], "dependsOn": sorted(_direct())}],
    }


def _pins(path: str) -> list[tuple[str, str]]:
    return PINNED.findall((ROOT / path).read_text())


def _direct() -> Iterator[str]:
    """What setup.cfg asks for itself; the other libraries come with these."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    wanted = {re.split(r"[\[>]", line)[0].lower() for line in config["options"]["install_requires"].split()}
    return (_address(name, version) for name, version in _pins("requirements.lock") if name.lower() in wanted)


def _library(name: str, version: str, *, scope: str) -> dict[str, str]:
    address = _address(name, version)
    return {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address, "scope": scope}


def _address(name: str, version: str) -> str:
    """As https://github.com/package-url/purl-spec has it for PyPI."""
    return f"pkg:pypi/{re.sub('[-_.]+', '-', name).lower()}@{version}"


if __name__ == "__main__":
    print(json.dumps(bill(), indent=2))
