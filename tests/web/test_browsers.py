"""Pages keep to what browsers of the last years have: Safari 17.5, which is the oldest that README.md names."""

from __future__ import annotations

import re
from typing import Final

import pytest

from chatapp.places import folder

OURS: Final = {
    f"{path.parent.name}/{path.name}": path.read_text()
    for part in ("css/*.css", "js/*.css", "js/*.js")
    for path in sorted(folder("static").glob(part))
}
SHEETS: Final = [name for name in OURS if name.endswith(".css")]
# Safari 17.5 has none of these. What it lacks and does without is not among them (a gutter, a balance of lines), nor
# what something stands in for: `navigation` (leaving.js), `field-sizing` (growing.js), `closedby` (app.js).
LACKING: Final = (
    r"\b(?:requestIdleCallback|startViewTransition|cookieStore|CloseWatcher|URLPattern|userAgentData)\b"
    r"|\bscheduler\.|\bPromise\.try\b|\bRegExp\.escape\b|\bTemporal\.|\bIterator\.|\bError\.isError\b"
    r"|\b(?:moveBefore|requestClose|toBase64|fromBase64|toHex|fromHex|setHTML|getOrInsert)\("
    r"|\.(?:values|keys|entries)\(\)\.(?:map|filter|find|some|every|forEach|reduce|take|drop|flatMap|toArray)\("
    r"|\b(?:anchor-name|position-anchor|position-area|text-box|interpolate-size|corner-shape|backdrop-filter)\s*:"
    r"|\b(?:anchor|calc-size|sibling-index|sibling-count|contrast-color)\(|:open\b|::details-content|@view-transition"
    r"|\b(?:commandfor|interestfor)\b"
)


def test_the_list_of_sheets_and_scripts_is_not_empty() -> None:
    assert {"js/app.js", "css/page.css", "js/late.css"} <= OURS.keys()


@pytest.mark.parametrize("name", OURS)
def test_nothing_is_used_that_the_oldest_browser_lacks(name: str) -> None:
    assert re.findall(LACKING, OURS[name]) == []


@pytest.mark.parametrize("name", SHEETS)
def test_what_has_another_name_in_safari_is_said_by_that_too(name: str) -> None:
    named = [line.split(":")[0].strip() for line in OURS[name].splitlines() if "user-select:" in line]
    assert named == ["-webkit-user-select", "user-select"] * (len(named) // 2)


def test_where_a_browser_cannot_begin_at_the_current_tab_all_are_in_sight() -> None:
    assert "@supports not (scroll-initial-target: nearest) {\n      flex-wrap: wrap;" in OURS["css/tabs.css"]
