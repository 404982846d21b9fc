"""Every word that people read is in every catalogue, translated, with the same places in it; and compiled."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages import Catalog, Message

from chatapp.core import errors
from chatapp.core.language import ENGLISH, LANGUAGES
from locales import renew
from tests.support.source import PACKAGE, ROOT, SOURCES, tree

PATHS: Final = sorted(renew.paths())
REFUSALS: Final = {name for name, value in vars(errors).items() if isinstance(value, type)} | {"invalid", "Unverified"}
# What only operators and programmers read.
NOT_FOR_PEOPLE: Final = ("bench/", "cli/", "gateway/", "realtime/", "storage/opening.py")
PLACE: Final = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%%|</?\w+>|https?://\S+")

catalogues = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parents[1].name)


@pytest.fixture(scope="module")
def words() -> Catalog:
    return renew.words()


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def sources(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def entries(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def test_every_language_has_a_catalogue() -> None:
    assert {path.parents[1].name.replace("_", "-") for path in PATHS} | {ENGLISH} == set(LANGUAGES)


@catalogues
def test_a_catalogue_holds_the_words_of_the_code_and_no_others(path: Path, words: Catalog) -> None:
    assert {sources(each) for each in entries(renew.read(path))} == {sources(each) for each in entries(words)}


@catalogues
def test_every_word_is_translated(path: Path) -> None:
    catalogue = renew.read(path)
    lacking = [each.id for each in entries(catalogue) if len(forms(each)) < _needed(catalogue, each)]
    assert lacking + [each.id for each in entries(catalogue) if not all(forms(each)) or each.fuzzy] == []


def _needed(catalogue: Catalog, message: Message) -> int:
    return catalogue.num_plurals if message.pluralizable else 1


@catalogues
def test_no_place_is_lost_or_made_up(path: Path) -> None:
    for message in entries(renew.read(path)):
        for form in forms(message):
            *_one, source = sources(message)
            assert sorted(PLACE.findall(form)) == sorted(PLACE.findall(source)), source
            assert form.count("\n") == source.count("\n"), source
            assert form == form.strip(" "), source


@catalogues
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    assert renew.compiled(renew.read(path)) == path.with_suffix(".mo").read_bytes() or _same(path)


def _same(path: Path) -> bool:
    """Another version of Babel writes another name of itself into the head."""
    with path.with_suffix(".mo").open("rb") as file:
        spoken = vars(gettext.GNUTranslations(file))["_catalog"]
    written: dict[Any, str] = {}
    for message in entries(renew.read(path)):
        first = sources(message)[0]
        written |= {(first, n): form for n, form in enumerate(forms(message))} if message.pluralizable else {}
        written |= {} if message.pluralizable else {first: forms(message)[0]}
    return {key: value for key, value in spoken.items() if key} == written


@catalogues
def test_a_catalogue_is_as_renewing_leaves_it(path: Path, words: Catalog) -> None:
    written = path.read_text()
    head = written.partition("\n\n")[0]
    assert renew.text(renew.renewed(renew.read(path), words), head) == written, "make language"


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call by a plain name: where, the call, the name."""
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node, node.func.id


def test_every_refusal_can_be_translated() -> None:
    found = []
    for place, call, name in calls():
        if name in REFUSALS and not place.startswith(NOT_FOR_PEOPLE):
            found += [place for each in call.args if isinstance(each, ast.JoinedStr) or _is_sentence(each)]
    assert found == []


def _is_sentence(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def test_only_whole_texts_are_asked_for() -> None:
    """A text put together at run time is in no catalogue."""
    wrong = [
        place
        for place, call, name in calls()
        if name in {"_", "ngettext", "N_"} and any(isinstance(each, ast.JoinedStr | ast.BinOp) for each in call.args)
    ]
    assert wrong == []


SPOKEN: Final = re.compile(r'(?:aria-label|title|placeholder|alt)="([^"]*)"')
DRAWN: Final = re.compile(
    r"\{% block app_class %\}.*?\{% endblock %\}|\{% macro (?:attributes|described|permalink).*?endmacro %\}"
    r"|\{#.*?#\}|\{% trans.*?endtrans %\}|\{\{.*?\}\}|\{%.*?%\}|<code>.*?</code>|<kbd>.*?</kbd>",
    re.DOTALL,
)
NAMES: Final = {"JWT"}


def test_no_template_says_anything_that_is_not_translated() -> None:
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        plain = DRAWN.sub("", path.read_text())
        said = [*SPOKEN.findall(plain), *re.sub(r"<[^>]*>", "\n", plain).splitlines()]
        found += [(path.name, each) for each in map(str.strip, said) if re.search("[A-Za-z]{2}", each)]
    assert [each for each in found if each[1] not in NAMES] == []


def test_chinese_speaks_to_its_reader_as_its_head_says() -> None:
    (path,) = [each for each in PATHS if each.parents[1].name == "zh_Hans"]
    said = [form for message in entries(renew.read(path)) for form in forms(message)]
    assert [form for form in said if "您" in form or "..." in form] == []
    # Punctuation after a Chinese letter is as wide as the letter.
    assert [form for form in said if re.search("[\u4e00-\u9fff][,;?!](?!\\w)", form)] == []


def test_who_comes_logs_in_and_who_goes_logs_out(words: Catalog) -> None:
    """One pair of words for it, on all pages."""
    said = [each for message in entries(words) for each in sources(message)]
    assert [each for each in said if re.search(r"\bsign(ed|ing)?[ -](in|out|on)\b", each, re.IGNORECASE)] == []
