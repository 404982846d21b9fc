"""The words of the scripts: each that is asked for is there, and none is there for nothing."""

from __future__ import annotations

import re
from typing import Any, Final

from aiohttp.test_utils import TestClient

from chatapp.core import language
from chatapp.web.phrases import late_phrases, phrases
from tests.support.cast import Actor
from tests.support.source import ROOT
from tests.web.browser import Browser

SCRIPTS: Final = {path.name: path.read_text() for path in sorted((ROOT / "static" / "js").glob("*.js"))}
LATE: Final = {name for name, text in SCRIPTS.items() if re.search(r'^import .*"\./words\.js"', text, re.MULTILINE)}

# The table of keys is in app.js; who shows it is not.
TABLE: Final = SCRIPTS["app.js"].partition("KEYS = ")[2].partition("});")[0]
NAMES_OF_KEYS: Final = {f"key_{name}" for name in re.findall(r'does: "(\w+)"', TABLE)} | {
    f"keys_{place}" for place in re.findall(r"^  (\w+): \[", TABLE, re.MULTILINE)
}


def asked(text: str) -> set[str]:
    plain = set(re.findall(r'\bt\("(\w+)"', text))
    counted = set(re.findall(r'\btn\("(\w+)"', text))
    return plain | {f"{key}_other" for key in counted}


def test_every_word_that_a_script_asks_for_is_in_the_page_or_in_what_it_waits_for() -> None:
    for name, text in SCRIPTS.items():
        there = {**phrases(), **(late_phrases() if name in LATE else {})}
        shown = NAMES_OF_KEYS if name == "shortcuts.js" else set()
        assert (asked(text) | shown) - set(there) == set(), name
    assert len(set().union(*map(asked, SCRIPTS.values()))) > 20


def test_every_word_is_used_where_it_is_sent() -> None:
    quoted = {name: set(re.findall(r'"([a-z_]+)"', text)) for name, text in SCRIPTS.items()}
    everywhere = set().union(*quoted.values())
    late = set().union(NAMES_OF_KEYS, *(quoted[name] for name in LATE))
    assert [key for key in phrases() if not is_in(key, everywhere)] == []
    assert [key for key in late_phrases() if not is_in(key, late)] == []
    assert set(phrases()) & set(late_phrases()) == set()


def is_in(key: str, quoted: set[str]) -> bool:
    return key in quoted or re.sub("_(one|other)$", "", key) in quoted


def test_nothing_of_a_first_view_waits_for_late_words() -> None:
    reached: set[str] = set()
    left = ["app", "socket", "rooms", "timeline", "message", "composer", "attachments", "presence"]
    while left:
        name = f"{left.pop()}.js"
        reached.add(name)
        beside = re.findall(r'^import .*"\./(\w+)\.js"', SCRIPTS[name], re.MULTILINE)
        left += [each for each in beside if f"{each}.js" not in reached]
    assert reached & LATE == set()


async def test_late_words_are_kept_for_ever_under_an_address_of_their_language(
    client: TestClient[Any, Any], adas: Browser, ada: Actor
) -> None:
    found = {}
    for tag in language.LANGUAGES:
        page = await adas.opens("/rooms/general", **{"Accept-Language": tag})
        address = re.search(r'"words": ?"([^"]+)"', page.text)
        assert address
        answer = await client.get(address[1])
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        with language.speaking(tag):
            assert await answer.json() == late_phrases()
        found[tag] = address[1]
    assert len(set(found.values())) == len(language.LANGUAGES)
    for wrong in ("/words/en/0", "/words/tlh/0", f"/words/zh-Hans/{found['en'].rpartition('/')[2]}"):
        assert (await client.get(wrong)).status == 404
