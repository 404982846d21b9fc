"""Which Markdown is understood: CommonMark without HTML, images, headings and rules, with tables and bare addresses.

A library reads it (markdown-it); it writes no HTML. Whatever nests too deep or grows too large stays text.
"""

from __future__ import annotations

import re
from typing import Final

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.rules_inline import StateInline, emphasis, link, strikethrough
from markdown_it.token import Token

from chatapp.core import emoji
from chatapp.core.names import BIDI
from chatapp.core.text.emphasis import flanked, is_wide
from chatapp.core.text.mentions import CJK, NOBODY, SPECIAL, Names, spellings

# Reading and drawing are everybody's time: what is above these stays text.
MOST_NESTED: Final = 8
MOST_CELLS: Final = 1000
MOST_LINKS: Final = 100
MOST_LOOKED_AT: Final = 150_000
MOST_BRACKETS: Final = 100
LONGEST_NAMED_LINK: Final = 1000

SCHEMES: Final = ("https", "http", "mailto")
_linkifier = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
_linkifier.add("ftp:", None).add("//", None)
# Nobody types a space beside the signs of Chinese, Japanese and Korean either; in an address they are rare. What turns
# the text around it stands in none (RFC 3987, 4.1), and would show another address than the one that is opened.
_gap: Final = re.compile(rf"[\s，。！？；：、…‥“”‘’「」『』【】〔〕〖〗（）《》〈〉［］｛｝｡､｢｣{BIDI}]|$")
# Typed without a scheme.
_host: Final = re.compile(r"(?![^/?#]*@)www\.[^\s/?#:]+\.[^\W\d_]{2}", re.IGNORECASE)
_no_host: Final = frozenset(".:/\\-_@")
_target: Final = re.compile(r"(?:https?://[^\s/?#]|mailto:[^\s?]+@)", re.IGNORECASE)
_shortcode: Final = re.compile(r":([a-z0-9_+-]{1,64}):(?![a-z0-9])")

_typed: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.IGNORECASE)
_leads_in: Final = re.compile(rf"[^\W_{CJK}]|[@#/&]")
_goes_on: Final = re.compile(rf"[^\W_{CJK}]|@")


def parse(content: str, known: Names = NOBODY) -> list[Token]:
    """The content as markdown-it's tokens; besides its own types ``address`` (a bare URL with ``href``), ``emoji``,
    ``mention`` of one of the ``known`` people and ``room`` for one of the known rooms, with a name as their content."""
    return _markdown.parse(content, {"links": 0, "looked_at": 0, "brackets": MOST_BRACKETS, "known": known})


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return state.level < MOST_NESTED and blockquote(state, start, end, silent)


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return state.level < MOST_NESTED and list_block(state, start, end, silent)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    # Cells that a row leaves out are drawn too: a few characters could make a million.
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    return state.level < MOST_NESTED and columns * (end - start) <= MOST_CELLS and table(state, start, end, silent)


def _address(state: StateInline, silent: bool) -> bool:
    """A bare URL. What is one is the linkifier's to say; how much it looks at is ours."""
    sign, env = state.pos, state.env
    kinds = {":": SCHEMES, ".": ("www",)}.get(state.src[sign], ())
    if not kinds or state.linkLevel or env["links"] == MOST_LINKS or env["looked_at"] > MOST_LOOKED_AT:
        return False
    typed = state.src[max(0, sign - 6) : sign].lower()
    kind = next((kind for kind in kinds if typed.endswith(kind)), None)
    # Where a link has just ended, its own end is no scheme.
    if kind is None or not (silent or state.pending[-6:].lower().endswith(kind)):
        return False
    gap = _gap.search(state.src, sign, state.posMax)
    end = gap.start() if gap else state.posMax
    env["looked_at"] += end - sign
    start = sign - len(kind)
    url = _matched(state.src[start - 1 : start] if start else "", state.src[start:end], kind == "www")
    if not url:
        return False
    if not silent:
        env["links"] += 1
        state.pending = state.pending[: -len(kind)]
        token = state.push("address", "a", 0)
        token.content = url
        token.attrs = {"href": f"https://{url}" if kind == "www" else url}
    state.pos = start + len(url)
    return True


def _matched(before: str, text: str, is_host: bool) -> str:
    """The address at the beginning of the text, or ""."""
    # What stands before it has a say, but for what is written without spaces.
    if before and is_wide(before):
        before = ""
    if is_host and before in _no_host:
        return ""
    scheme = "https://" if is_host else ""
    link = _linkifier.match_at_start(f"{before}{scheme}{text}")
    # Signs of emphasis at its end are more often that than part of it.
    url = text[: link.last_index - len(before) - len(scheme)].rstrip("*_~") if link else ""
    return url if (_host if is_host else _target).match(url) else ""


def _emoji(state: StateInline, silent: bool) -> bool:
    """A ``:shortcode:`` on its own; in 10:30:00 there is none."""
    if state.src[state.pos] != ":" or (state.pos and state.src[state.pos - 1].isalnum()):
        return False
    found = _shortcode.match(state.src, state.pos, state.posMax)
    glyph = emoji.named(found[1]) if found else ""
    if not glyph or found is None:
        return False
    if not silent:
        state.push("emoji", "", 0).content = glyph
    state.pos = found.end()
    return True


def _name(state: StateInline, silent: bool) -> bool:
    """``@somebody`` or ``#somewhere``, not in the middle of a word and so in no mail address."""
    sign, known = state.src[state.pos], state.env["known"]
    if sign not in "@#" or (state.pos and _leads_in.match(state.src[state.pos - 1])):
        return False
    names = known.usernames if sign == "@" else known.slugs
    typed = _typed.match(state.src, state.pos + 1, state.posMax)
    name = next((name for name in spellings(typed[0]) if name in names), None) if typed else None
    # A link within a link is none, and what goes on is another name: @ada@example.org.
    if name is None or _goes_on.match(state.src, state.pos + 1 + len(name)) or (sign == "#" and state.linkLevel):
        return False
    if not silent:
        is_special = sign == "@" and name in SPECIAL
        token = state.push("mention" if sign == "@" else "room", "", 0)
        token.content = f"@{name}" if is_special else name
        token.meta["title"] = known.titles.get(name, name)
    state.pos += 1 + len(name)
    return True


def _named_link(state: StateInline, silent: bool) -> bool:
    start, end, env = state.pos, state.posMax, state.env
    reach = min(end, start + LONGEST_NAMED_LINK)
    if state.src[start] != "[" or not env["brackets"] or state.src.find("](", start, reach) < 0:
        return False
    env["brackets"] -= 1
    # From every bracket on, the library looks for its counterpart up to the end.
    state.posMax = reach
    is_link = link(state, silent)
    state.posMax = end
    return is_link


def _is_target(url: str) -> bool:
    """Whether a named link may lead there: no script, no data, nothing on our own pages."""
    return bool(_target.match(url))


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802
        return _is_target(url)


def _made() -> MarkdownIt:
    markdown = _Markdown("zero", {"maxNesting": 100})
    markdown.enable(["fence", "blockquote", "list", "table"])
    markdown.enable(["newline", "escape", "backticks", "strikethrough", "emphasis", "link", "linkify"])
    # It would make an escaped sign look like one that was typed plainly.
    markdown.disable("text_join")
    markdown.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    markdown.block.ruler.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    markdown.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.at("emphasis", flanked(emphasis.tokenize))
    markdown.inline.ruler.at("strikethrough", flanked(strikethrough.tokenize))
    markdown.inline.ruler.at("linkify", _address)
    markdown.inline.add_terminator_char(".")
    markdown.inline.ruler.at("link", _named_link)
    markdown.inline.ruler.after("linkify", "emoji", _emoji)
    markdown.inline.ruler.after("emoji", "name", _name)
    return markdown


_markdown: Final = _made()
