"""Whatever somebody writes, in whatever script: what the index keeps of it is found, and nothing breaks it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chatapp.core.errors import Invalid
from chatapp.core.models import Message, Person
from chatapp.core.search import LEAST_BEGINNING, LONGEST_QUERY, Query, Term, Token, parse, spans, tokens
from chatapp.core.searchable import LONGEST, bigrams, composed, fold, runs, searchable, words

any_text: Final = st.text(max_size=200)
# As they come in one sentence: letters of many scripts, marks, signs, spaces.
SIGNS: Final = "abcXYZ019 _-./:@\"'*()éÉßøİıЁёйאֵ عُمحदिन्ส วัดค数据库备か゛がカｶﾞ한글🎉👍🏽👩👧"
mixed: Final = st.text(st.sampled_from(SIGNS + "\u200d\u0301\ufe0f\u20e3\n\t"), max_size=60)
texts: Final = any_text | mixed
latin: Final = st.from_regex(r"[a-zA-Z]{1,12}", fullmatch=True)
han: Final = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=12)


READER: Final = Person(99, "reader", "Reader")


def message(content: str) -> Message:
    return Message(1, 1, 1, 1, 1, "ada", "Ada", content, "", 0)


def has(kept: str, token: Token) -> bool:
    """Whether an index that keeps these tokens finds that one."""
    return any(each.startswith(token.text) if token.is_beginning else each == token.text for each in kept.split(" "))


def finds(content: str, asked: Query) -> bool:
    kept = searchable(content)
    is_candidate = all(has(kept, token) for term in asked.terms for token in tokens(term))
    return is_candidate and spans(asked, message(content), READER) is not None


@given(texts)
def test_tokens_are_of_letters_and_signs_alone(content: str) -> None:
    """Nothing that means anything to FTS5, to a tsquery or to a tokenizer."""
    kept = searchable(content)
    for token in kept.split(" ") if kept else ():
        assert token
        assert not re.search(r"[\s\"'*:&|!()<>\\\x00]", token)
        assert len(token) <= LONGEST
        token.encode()


@given(texts)
def test_each_token_is_there_once_and_what_was_made_searchable_stays_so(content: str) -> None:
    kept = searchable(content).split(" ")
    assert len(kept) == len(set(kept))
    assert searchable(content) == searchable(unicodedata.normalize("NFD", composed(content)))


@given(texts)
def test_words_stand_where_they_say(content: str) -> None:
    text = composed(content)
    end = 0
    for word in words(text):
        assert 0 <= word.start < word.end <= len(text)
        assert word.start >= end or word.is_dense
        assert word.text in "".join(map(fold, text[word.start : word.end]))
        end = max(end, word.start)


@given(texts)
def test_every_message_is_found_by_each_of_its_words(content: str) -> None:
    text = composed(content)
    for run in runs(words(text)):
        asked = text[run[0].start : run[-1].end]
        assume(len(asked) <= LONGEST)
        assert finds(content, Query(terms=(Term(asked, tuple(run)),))), asked


@given(st.lists(latin, min_size=1, max_size=6), st.data())
def test_every_beginning_of_a_word_finds_it_in_either_case(said: list[str], data: st.DataObject) -> None:
    content = " ".join(said)
    word = data.draw(st.sampled_from(said))
    length = data.draw(st.integers(min(LEAST_BEGINNING, len(word)), len(word)))
    assume(length >= LEAST_BEGINNING or length == len(word))
    asked = data.draw(st.sampled_from([str.upper, str.lower, str.title]))(word[:length])
    assert finds(content, parse(asked))


@given(st.lists(latin, min_size=1, max_size=4))
def test_every_part_of_an_identifier_finds_it(parts: list[str]) -> None:
    parts = [part.lower() + "x" for part in parts]
    for content in ("".join(part.title() for part in parts), "_".join(parts), f"https://{'.'.join(parts)}/"):
        for part in parts:
            assert finds(content, parse(part)) or len(part) < LEAST_BEGINNING


@given(han, han, han)
def test_every_part_of_a_sentence_without_spaces_finds_it(before: str, sought: str, after: str) -> None:
    assert finds(before + sought + after, parse(sought))
    assert finds(before + sought + after, parse(f'"{sought}"'))


@given(han)
def test_signs_make_bigrams_and_the_last_alone(run: str) -> None:
    found = words(composed(run))
    made = list(bigrams(found))
    assert len(made) == len(found)
    assert all(len(pair) <= 2 * max(len(word.text) for word in found) for pair in made)


@given(texts)
@example('"')
@example("-")
@example('in: from: "unclosed -')
@example("after:2026-13-45 before: has:")
@example("٣" * LONGEST_QUERY)
def test_anything_is_a_query_or_refused_in_words(text: str) -> None:
    try:
        asked = parse(text)
    except Invalid:
        return
    assert asked.text == text
    for term in (*asked.terms, *asked.without):
        assert term.words
        assert all(token.text for token in tokens(term))
        assert all(not re.search(r"[\s\"'*:&|!()<>\\\x00]", token.text) for token in tokens(term))


@given(texts, texts)
def test_marks_lie_within_the_text(content: str, asked: str) -> None:
    try:
        query = parse(asked)
    except Invalid:
        return
    for is_slow in (False, True):
        for start, end in spans(query, message(content), READER, is_slow=is_slow) or []:
            assert 0 <= start < end <= len(composed(content))


@given(texts, texts)
def test_what_the_quick_way_finds_the_slow_way_finds_too(content: str, asked: str) -> None:
    try:
        query = parse(asked)
    except Invalid:
        return
    if spans(query, message(content), READER) is not None and all(len(term.words) == 1 for term in query.terms):
        assert spans(query, message(content), READER, is_slow=True) is not None


@pytest.mark.parametrize("content", ["aB" * 4000, "a1" * 4000, "a" * 8000, "数" * 8000, "a " * 4000, "\u0301" * 8000])
def test_no_message_makes_many_times_its_length(content: str) -> None:
    assert len(searchable(content)) <= 3 * len(content)
