"""Messages by their words over REST, newest first."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from chatapp.core.events import wire
from chatapp.domain.search import MOST, PAGE, Results
from chatapp.web import query
from chatapp.web.bodies import reply
from chatapp.web.identity import actor
from chatapp.web.search import found, place, wanted

KEPT: Final = ("q", "limit", "slow", "html")


async def index(request: web.Request) -> web.Response:
    me, asked = actor(request), wanted(request)
    limit = query.number(request, "limit", least=1, most=MOST) or PAGE
    results = await found(request, me, asked, limit)
    with_html = query.flag(request, "html")
    answer = {
        "messages": [wire(hit.message, hit.room.slug, with_html=with_html) for hit in results.hits],
        "complete": results.older is None,
        "indexed": results.progress.done,
        "total": results.progress.total,
    }
    return reply(answer, headers=_links(request, results))


def _links(request: web.Request, results: Results) -> dict[str, str]:
    """``next`` is older (RFC 8288)."""
    if results.older is None:
        return {}
    values = {name: request.query[name] for name in KEPT if name in request.query} | {"below": place(results.older)}
    return {"Link": f'<{request.path}?{urlencode(values)}>; rel="next"'}
