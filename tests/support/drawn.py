"""A body as a browser reads it, and all that may ever be in one."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from chatapp.core.text import render

SCHEMES: Final = ("http://", "https://", "mailto:")
KINDS: Final = "com|str|num|key|fun|ins|del"
AUTO: Final = {"dir": "auto"}
# Every element that may come out, with its attributes and what their values look like.
ALLOWED: Final[dict[str, dict[str, str]]] = {
    **{tag: {} for tag in ("br", "em", "strong", "s", "code", "li", "thead", "tbody", "tr")},
    **dict.fromkeys(("p", "blockquote", "ul", "table"), AUTO),
    "ol": {**AUTO, "start": r"\d{1,9}"},
    "bdi": {"class": "mention", "data-mention": r"@room|@here|[a-z0-9][a-z0-9._-]{1,31}"},
    "pre": {"tabindex": "0"},
    "div": {"class": "wide", "tabindex": "0"},
    "th": {"class": "center|right"},
    "td": {"class": "center|right"},
    "span": {"class": f"{KINDS}|large"},
    "a": {
        "href": r"(?is)(https?://|mailto:).+|/rooms/[a-z0-9-]+",
        "title": "(?s).+",
        "rel": "nofollow noopener noreferrer",
        "target": "_blank",
    },
}


class Drawn(HTMLParser):
    """``text`` is what can be read, ``spaced`` the same with a space at each tag; ``tags`` is what opens, ``links`` the
    attributes of each ``a``, ``wrong`` what must not be."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = self.spaced = ""
        self.tags: list[str] = []
        self.links: list[dict[str, str]] = []
        self.wrong: list[str] = []
        self._open: list[str] = []
        self._words: dict[str, list[str]] = {}
        self._kind = ""
        self.feed(html)
        self.close()
        self.wrong += [f"{tag} stays open" for tag in self._open]

    def words(self, kind: str) -> list[str]:
        """What has the colour of a kind of word."""
        return self._words.get(kind, [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.spaced += " "
        if tag != "br":
            self._open.append(tag)
        if tag == "a":
            self.links.append({name: value or "" for name, value in attrs})
        for name, value in attrs:
            if not re.fullmatch(ALLOWED.get(tag, {}).get(name, "(?!)"), value or ""):
                self.wrong.append(f"{tag} {name}={value}")
        self._kind = dict(attrs).get("class") or "" if tag == "span" else ""
        if tag not in ALLOWED or len(attrs) != len(dict(attrs)):
            self.wrong.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"/{tag}")

        self._kind = ""
        self.spaced += " "

    def handle_data(self, data: str) -> None:
        self.text += data
        self.spaced += data
        if self._kind:
            self._words.setdefault(self._kind, []).append(data)

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"<!{decl}")

    def unknown_decl(self, data: str) -> None:
        self.wrong.append(f"<![{data}")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"<?{data}")


def shown(content: str) -> str:
    """What a page shows of a message, line breaks aside."""
    html = render(content)
    return Drawn(html).text if html else content
