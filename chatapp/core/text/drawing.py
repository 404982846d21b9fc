"""The HTML of a body. Every tag that can come out is written here or in ``code.py``; all else is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from chatapp.core import emoji
from chatapp.core.text import code
from chatapp.core.text.markup import is_plain
from chatapp.core.text.mentions import NOBODY, Names

if TYPE_CHECKING:
    from markdown_it.token import Token

# A body of a few characters may make much of them. One that would be longer than this is shown as it was typed.
MOST_DRAWN: Final = 100_000
MOST_LARGE: Final = 3
LONGEST_LARGE: Final = 64
# Code of longer lines may have to be scrolled sideways, by those without a mouse too.
SCROLLS: Final = 32

PLAIN: Final = frozenset({"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"})
TAGS: Final = {
    "paragraph_open": '<p dir="auto">',
    "paragraph_close": "</p>",
    "softbreak": "<br>",
    "hardbreak": "<br>",
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "s_open": "<s>",
    "s_close": "</s>",
    "link_close": "</a>",
    "blockquote_open": '<blockquote dir="auto">',
    "blockquote_close": "</blockquote>",
    "bullet_list_open": '<ul dir="auto">',
    "bullet_list_close": "</ul>",
    "ordered_list_close": "</ol>",
    "list_item_open": "<li>",
    "list_item_close": "</li>",
    "table_open": '<div class="wide" tabindex="0"><table dir="auto">',
    "table_close": "</table></div>",
    "thead_open": "<thead>",
    "thead_close": "</thead>",
    "tbody_open": "<tbody>",
    "tbody_close": "</tbody>",
    "tr_open": "<tr>",
    "tr_close": "</tr>",
    "th_close": "</th>",
    "td_close": "</td>",
}
_tag: Final = re.compile(r"<[^>]*>")


def render(content: str, known: Names = NOBODY) -> str:
    """HTML of a body, or "" where it would equal the escaped content. Of the names only the ``known`` are drawn."""
    if known is NOBODY and is_plain(content):
        return _large(content) if not content.isascii() and len(content) <= LONGEST_LARGE else ""
    # A twentieth of a start, which most messages after it do without.
    from chatapp.core.text import markdown

    tokens = markdown.parse(content, known)
    is_one_paragraph = [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    words = tokens[1].children or () if is_one_paragraph else ()
    if all(token.type in {"text", "emoji"} for token in words):
        large = _large("".join(token.content for token in words))
        if large:
            return large
    if all(map(_is_plain, _all(tokens))):
        return ""
    html = "".join(_drawn(words or tokens))
    # What leaves nothing to be seen, such as a lone sign of a list, was meant as it stands.
    is_shown = len(html) <= MOST_DRAWN and _tag.sub("", html).strip()
    return html if is_shown else ""


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _is_plain(token: Token) -> bool:
    """Whether a token is there as it was typed; a backslash that escapes nothing has one of its own."""
    return token.type in PLAIN or (token.type == "text_special" and token.content == token.markup)


def _large(text: str) -> str:
    # One line of them: several are drawn as they stand.
    found = emoji.alone(text) if len(text.strip().splitlines()) == 1 else ()
    return f'<span class="large">{"".join(found)}</span>' if 0 < len(found) <= MOST_LARGE else ""


def _drawn(tokens: Sequence[Token]) -> Iterator[str]:
    for position, token in enumerate(tokens):
        if token.hidden:
            continue
        draw = _DRAWN.get(token.type)
        if token.type == "inline":
            yield from _drawn(token.children or ())
        elif draw is not None:
            yield draw(token)
            if token.type == "link_open" and tokens[position + 1].type == "link_close":
                yield escape(str(token.attrs["href"]))
        else:
            yield TAGS[token.type]


def _link(token: Token) -> str:
    url = escape(str(token.attrs["href"]))
    # The words over it may say another address than the one it leads to.
    return f'<a href="{url}" title="{url}" rel="nofollow noopener noreferrer" target="_blank">'


def _address(token: Token) -> str:
    url = escape(str(token.attrs["href"]))
    return f'<a href="{url}" rel="nofollow noopener noreferrer" target="_blank">{escape(token.content)}</a>'


def _fence(token: Token) -> str:
    text = token.content.removesuffix("\n")
    language = (token.info.split() or [""])[0]
    is_wide = any(len(line) > SCROLLS for line in text.split("\n"))
    opening = '<pre tabindex="0">' if is_wide else "<pre>"
    return f"{opening}<code>{code.coloured(text, language)}</code></pre>"


def _ordered(token: Token) -> str:
    start = int(token.attrs.get("start", 1))
    return f'<ol dir="auto" start="{start}">' if start != 1 else '<ol dir="auto">'


def _cell(token: Token) -> str:
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f'<{token.tag} class="{side}">' if side in {"center", "right"} else f"<{token.tag}>"


def _mention(token: Token) -> str:
    # What core.models.Message.mentions reads again. Isolated, or a name would turn a line of another script around.
    name = token.content
    return f'<bdi class="mention" data-mention="{name}">@{name.removeprefix("@")}</bdi>'


_DRAWN: Final[dict[str, Callable[[Token], str]]] = {
    "text": lambda token: escape(token.content),
    "text_special": lambda token: escape(token.content),
    "emoji": lambda token: token.content,
    "code_inline": lambda token: f"<code>{escape(token.content)}</code>",
    "link_open": _link,
    "address": _address,
    "mention": _mention,
    "room": lambda token: f'<a href="/rooms/{token.content}"><bdi>#{escape(token.meta["title"])}</bdi></a>',
    "fence": _fence,
    "ordered_list_open": _ordered,
    "th_open": _cell,
    "td_open": _cell,
}
