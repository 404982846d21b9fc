"""The table of keys: no two rows are in each other's way, and what is fetched late is there."""

from __future__ import annotations

import re
from typing import Final

from tests.support.source import ROOT

JS: Final = ROOT / "static" / "js"
APP: Final = (JS / "app.js").read_text()
TABLE: Final = APP.partition("KEYS = ")[2].partition("});")[0]
PLACES: Final = dict(re.findall(r"^  (\w+): \[\n(.*?)^  \]", TABLE, re.MULTILINE | re.DOTALL))
ROWS: Final = {
    place: re.findall(r'keys: "([^"]+)", does: "(\w+)"(?:, (\w+): true)?', rows) for place, rows in PLACES.items()
}
ALL: Final = [row for rows in ROWS.values() for row in rows]


def test_no_key_means_two_things_in_one_place() -> None:
    assert len(ALL) == TABLE.count("keys: ") > 30
    # Messages are written in the box, and in it every key of a text and of the page holds too.
    for together in (("page", "composer", "text"), ("page", "log")):
        pressed = [keys for place in together for keys, *_ in ROWS[place]]
        assert sorted(set(pressed)) == sorted(pressed)


def test_every_late_key_has_its_function() -> None:
    functions = set(re.findall(r"export (?:const|(?:async )?function) (\w+)", (JS / "keys.js").read_text()))
    late = {name for _, name, mark in ALL if mark == "late"}
    assert late
    assert late <= functions


def test_every_other_key_has_its_action() -> None:
    scripts = "".join((JS / f"{name}.js").read_text() for name in ("app", "message"))
    names = {name for _, name, mark in ALL if mark not in ("late", "native")}
    by_row = {
        f"{each}Row" for each in re.findall(r'"(\w+)"', scripts.partition("Object.fromEntries([")[2].partition("]")[0])
    }
    offered = (
        set(re.findall(r"(?:^    |, )(\w+): (?:\(|byKey)", scripts, re.MULTILINE))
        | by_row
        | set(re.findall(r"(\w+): \(\) =>", APP))
    )
    assert names <= offered


def test_no_key_of_browsers_or_of_other_layouts_is_taken() -> None:
    for keys, *_ in ALL:
        parts = set(keys.split("+"))
        # AltGr is Ctrl and Alt at once on many machines; Alt with the side arrows is the history.
        assert not {"Mod", "Alt"} <= parts
        assert not (parts & {"Mod"} and parts & {"N", "T", "W", "L", "R", "P"})
        assert "F5" not in parts
        assert not {"Alt", "ArrowLeft"} <= parts
