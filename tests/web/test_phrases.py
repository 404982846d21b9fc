"""The words of the page's scripts: each that is asked for is there, and none is there for nothing."""

from __future__ import annotations

import re
from typing import Final

from chatapp.web.phrases import phrases
from tests.support.source import ROOT

SCRIPTS: Final = "".join(path.read_text() for path in sorted((ROOT / "static" / "js").glob("*.js")))
QUOTED: Final = set(re.findall(r'"([a-z_]+)"', SCRIPTS))


def test_every_word_that_a_script_asks_for_is_in_the_page() -> None:
    asked = set(re.findall(r'\bt\("(\w+)"|(?:text|group): "(\w+)"', SCRIPTS))
    counted = set(re.findall(r'\btn\("(\w+)"', SCRIPTS))
    needed = {one or other for one, other in asked} | {f"{key}_{form}" for key in counted for form in ("one", "other")}
    assert needed - set(phrases()) == set()
    assert len(needed) > 20


def test_every_word_in_the_page_is_used() -> None:
    assert [key for key in phrases() if key not in QUOTED and re.sub("_(one|other)$", "", key) not in QUOTED] == []
