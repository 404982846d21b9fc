"""The page's own scripts: one door for markup, and no text that becomes code."""

from __future__ import annotations

import re
from typing import Final

import pytest

from chatapp.places import folder
from tests.support.source import ROOT

SCRIPTS: Final = {path.name: path.read_text() for path in sorted((folder("static") / "js").glob("**/*.js"))}
TEMPLATES: Final = {path.name: path.read_text() for path in sorted((ROOT / "templates").glob("**/*.html"))}
# Each takes a string and makes markup or code of it. The name of a module stands in the source; only what makes a
# browser fetch it once more may follow.
SINKS: Final = (
    r"\.outerHTML\s*=|insertAdjacentHTML|document\.write|createContextualFragment|parseFromString|setHTMLUnsafe"
    r"|\beval\s*\(|new\s+Function\b|Function\(|set(?:Timeout|Interval)\(\s*[\"'`]|\.srcdoc\b|javascript:"
    r"|setAttribute\(\s*[\"'`](?:on|src|srcdoc|style)|\.on[a-z]+\s*=\s*[\"'`]|\bimport\(\s*(?!\"|'|`\./[a-z_]+\.js\$\{again\}`)|importScripts|new\s+Worker"
)

IMPORT: Final = re.compile(r'^(?:import|\}).*"\./(\w+\.js)";', re.MULTILINE)


def _imported(name: str) -> set[str]:
    """What comes with a module, and with that, and so on."""
    found, more = set[str](), {name}
    while more:
        found |= more
        more = {each for one in more for each in IMPORT.findall(SCRIPTS[one])} - found
    return found - {name}


def test_the_list_of_scripts_is_not_empty() -> None:
    assert {"app.js", "message.js"} <= SCRIPTS.keys()


def test_there_is_one_policy_for_markup_and_one_place_that_uses_it() -> None:
    made = [
        (name, found) for name, text in SCRIPTS.items() for found in re.findall(r"createPolicy\(\"([^\"]+)\"", text)
    ]
    # The other names the one script that is started, and no other address.
    assert made == [("message.js", "chatapp-html"), ("push.js", "chatapp-worker")]
    assert "if (url !== WORKER) throw" in SCRIPTS["push.js"]
    used = [(name, line.strip()) for name, text in SCRIPTS.items() for line in text.splitlines() if "innerHTML" in line]
    assert [name for name, _ in used] == ["message.js"]
    assert "policy.createHTML(message.html)" in used[0][1]


def test_no_question_waits_for_ever() -> None:
    """But those to which no answer is awaited: they are sent as the page is left."""
    asked = [
        f"{name}: {line.strip()}"
        for name, text in SCRIPTS.items()
        for line in text.splitlines()
        if re.search(r"\bfetch\(", line) and not re.search(r"AbortSignal|keepalive: true", line)
    ]
    assert asked == []
    uploads = [name for name, text in SCRIPTS.items() if "new XMLHttpRequest" in text]
    assert [name for name in uploads if not re.search(r"\btimeout: |request\.abort\(\)", SCRIPTS[name])] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_code_or_markup_of_a_string(name: str) -> None:
    assert re.findall(SINKS, SCRIPTS[name]) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_module_waits_before_it_is_there(name: str) -> None:
    """Safari lets the second of two that are loaded at once go on before what both import has awaited."""
    assert re.findall(r"^(?=\S)(?!.*\basync\b).*\bawait\b.*$", SCRIPTS[name], re.MULTILINE) == []


@pytest.mark.parametrize("name", sorted({name for name in SCRIPTS if "words.js" in _imported(name)}))
def test_who_loads_what_says_words_waits_for_them(name: str) -> None:
    waits_itself = re.search(r"await [^;]*\bwords\b", SCRIPTS[name])
    loads = re.compile(rf"(\bworded\()?import\([\"`]\./{re.escape(name)}")
    found = [(other, load[1]) for other, text in SCRIPTS.items() for load in loads.finditer(text)]
    assert waits_itself or [other for other, is_worded in found if not is_worded] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_holds_a_script_a_style_or_a_handler(name: str) -> None:
    # The sheet of an arrival, our own file, which the policy of that answer names by its hash.
    sheet = """<style data-next="{{ asset('app.css') }}">{{ sheet }}</style>"""
    text = TEMPLATES[name].replace(sheet, "", 1 if name == "base.html" else 0)
    inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", text)
    assert inline + re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == []


def test_one_thing_only_is_printed_as_it_is() -> None:
    """The bodies that the sanitiser has drawn."""
    raw = [
        line.strip()
        for text in TEMPLATES.values()
        for line in text.splitlines()
        if re.search(r"\|\s*safe|Markup|autoescape", line)
    ]
    assert len(raw) == 1
    assert "message.html|safe" in raw[0]
