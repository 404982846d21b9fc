"""Where emphasis may begin and end: as CommonMark says, and in scripts that are written without spaces."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline


def is_wide(character: str) -> bool:
    """Of Chinese, Japanese or Korean, a sign of theirs, or an emoji: nobody types a space beside it."""
    return not character.isascii() and unicodedata.east_asian_width(character) in {"W", "F", "H"}


def flanked(tokenize: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """A rule of the library's for ``*``, ``_`` or ``~~`` that says anew which of them open and which close.

    CommonMark 6.2, as https://github.com/tats-u/markdown-cjk-friendly amends it: ``**注意：**请看``, ``**“引用”**说``.
    """

    def rule(state: StateInline, silent: bool) -> bool:
        start, known = state.pos, len(state.delimiters)
        if not tokenize(state, silent):
            return False
        before = state.src[start - 1] if start else " "
        after = state.src[state.pos] if state.pos < state.posMax else " "
        opens, closes = _sides(before, state.src[start : state.pos], after)
        for delimiter in state.delimiters[known:]:
            delimiter.open, delimiter.close = opens, closes
        return True

    return rule


def _sides(before: str, signs: str, after: str) -> tuple[bool, bool]:
    # A product: 2*3*4.
    if signs == "*" and _is_letter(before) and _is_letter(after):
        return False, False
    is_gap_before, is_gap_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    is_sign_before, is_sign_after = _is_sign(before), _is_sign(after)
    is_wide_before, is_wide_after = is_wide(before), is_wide(after)
    is_left = not is_gap_after and (
        not is_sign_after or is_wide_after or is_gap_before or is_sign_before or is_wide_before
    )
    is_right = not is_gap_before and (
        not is_sign_before or is_wide_before or is_gap_after or is_sign_after or is_wide_after
    )
    if signs[0] != "_":
        return is_left, is_right
    return is_left and (not is_right or is_sign_before), is_right and (not is_left or is_sign_after)


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_sign(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)
