"""Texts that mean harm, to be put wherever text is taken and looked at wherever it is shown.

A script among them says ``alert``, loads an ``x`` or asks ``evil.example``: a dialog, a request or an event of the
content policy betrays it.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Final

TAGS: Final = (
    *(
        "a",
        "audio",
        "body",
        "button",
        "details",
        "embed",
        "form",
        "iframe",
        "img",
        "input",
        "marquee",
        "math",
        "object",
    ),
    *("select", "style", "svg", "video", "x"),
)
HANDLERS: Final = (
    "<{} src=x onerror=alert(1)>",
    "<{}/onload=alert(1)>",
    "<{} onmouseover='alert(1)' style=position:fixed;inset:0>",
    "<{} autofocus onfocus=alert(1) tabindex=0>",
    '"><{} src=//evil.example/x onerror=alert(1) x="',
)
SCHEMES: Final = (
    *(
        "javascript",
        "JaVaScRiPt",
        "java\tscript",
        "java\nscript",
        "\x01javascript",
        "javascript&colon;",
        "&#106;avascript",
    ),
    *("about", "blob", "data", "feed", "file", "filesystem", "ftp", "jar", "vbscript", "view-source"),
)
TARGETS: Final = ("{}:alert(1)", "{}://evil.example/%0aalert(1)", "[x]({}:alert(1))", '<a href="{}:alert(1)">x</a>')
LONG: Final = (
    *(
        "x" * 7900,
        "<b>" * 2600,
        "&" * 7900,
        '"' * 7900,
        "<" * 7999,
        "<div>" * 1500,
        "\u0301" * 7000 + "x",
        "\u202e" * 900,
    ),
    *("https://example.org/" + "a" * 7900, "'\"" * 3000, "&" + "amp;" * 1900 + "lt;b>", "[" * 4000 + "](javascript:x)"),
)


def _written() -> list[str]:
    """One JSON string a line, so that what cannot be seen can be read."""
    lines = Path(__file__).with_suffix(".jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line and not line.startswith("#")]


INJECTIONS: Final[tuple[str, ...]] = (
    *_written(),
    *(pattern.replace("{}", tag) for pattern, tag in product(HANDLERS, TAGS)),
    *(pattern.replace("{}", scheme) for pattern, scheme in product(TARGETS, SCHEMES)),
    *LONG,
)
