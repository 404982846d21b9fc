"""What somebody looks for, and what was found; all of it is in the address."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from chatapp.core.errors import ChatError
from chatapp.core.rooms import RoomView
from chatapp.core.search import Query
from chatapp.domain.search import Results
from chatapp.keys import CHAT
from chatapp.web import forms, query
from chatapp.web.identity import actor
from chatapp.web.search import excerpt, found, place, wanted
from chatapp.web.templating import render_shell

# So many ways of looking in less are offered.
MOST_NARROWER: Final = 4


async def index(request: web.Request) -> web.Response:
    me = actor(request)
    form = forms.blank(q=query.text(request, "q"))
    results: Results | None = None
    asked = Query()
    try:
        asked = wanted(request)
        results = None if asked.is_empty and not asked.text.strip() else await found(request, me, asked)
    except ChatError as error:
        form = form.refused(error)
    views = await request.config_dict[CHAT].rooms.sidebar(me)
    return await render_shell(request, "search/index.html", form=form, **_context(request, asked, results, views))


def _context(request: web.Request, asked: Query, results: Results | None, views: list[RoomView]) -> dict[str, Any]:
    is_slow = request.query.get("slow") == "true"
    older = results.older if results else None
    return {
        "results": results,
        "asked": asked,
        "is_slow": is_slow,
        "is_later_page": "below" in request.query,
        "titles": {view.room.id: view for view in views},
        "excerpt": partial(excerpt, asked=asked, is_slow=is_slow),
        "older_url": _url(asked.text, slow=is_slow, below=place(older)) if older is not None else None,
        "slow_url": None if is_slow or not asked.terms else _url(asked.text, slow=True),
        "narrower": _narrower(asked, results),
    }


def _narrower(asked: Query, results: Results | None) -> list[tuple[str, str]]:
    """Words of a filter, and the address of the same search with it, by what is in the results."""
    hits = results.hits if results else ()
    rooms = {f"in:{hit.room.slug}" for hit in hits if hit.room.kind != "direct"} if not asked.rooms else set()
    people = {f"from:{hit.message.username}" for hit in hits} if not asked.people else set()
    filters = [word for words in (rooms, people) if len(words) > 1 for word in sorted(words)[:MOST_NARROWER]]
    return [(word, _url(f"{asked.text.strip()} {word}")) for word in filters]


def _url(text: str, *, slow: bool = False, below: str = "") -> str:
    values = {"q": text} | ({"slow": "true"} if slow else {}) | ({"below": below} if below else {})
    return f"/search?{urlencode(values)}"
