"""Whether a request comes from a page of ours: what a browser says with ``Origin`` and ``Sec-Fetch-Site``."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from chatapp.web.proxies import PROXIES

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def is_upgrade(request: web.BaseRequest) -> bool:
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def is_unsafe(request: web.BaseRequest) -> bool:
    return request.method not in SAFE_METHODS


def may_use_cookie(request: web.Request) -> bool:
    """Whether the session cookie counts: anywhere for reading, only from our own pages for the rest."""
    origins = request.headers.getall(hdrs.ORIGIN, [])
    if is_upgrade(request):
        # Browsers always send Origin here; scripts that hold a cookie send none, nor where they are.
        return _is_ours(request, origins) or (not origins and _site(request) in ([], ["same-origin"]))
    return not is_unsafe(request) or _is_ours(request, origins) or (not origins and _is_same_site(request))


def is_own_form(request: web.Request) -> bool:
    """As above for a form. A page with ``Referrer-Policy: no-referrer`` posts ``Origin: null``
    but cannot choose ``Sec-Fetch-Site``, which no script can write."""
    origins = request.headers.getall(hdrs.ORIGIN, [])
    return _is_ours(request, origins) or (origins in ([], ["null"]) and _is_same_site(request))


def is_silent(request: web.BaseRequest) -> bool:
    """Whether it says nothing of where it comes from, as scripts do; browsers name an origin with every form."""
    return hdrs.ORIGIN not in request.headers and not _site(request)


def is_arrival(request: web.BaseRequest) -> bool:
    """Whether somebody typed the address or opened a bookmark: no page, ours or foreign, has led here."""
    return _site(request) == ["none"]


def may_be_measured(request: web.Request) -> bool:
    """Whether a foreign page may have made the browser ask, perhaps a thousand times, for somebody else to measure.

    Over plain http browsers do not say, and whoever could measure an answer can read it.
    """
    if site := _site(request):
        return site not in (["none"], ["same-origin"])
    return request.config_dict[PROXIES].origin(request).startswith("https:")


def _is_ours(request: web.Request, origins: list[str]) -> bool:
    # Two Origin headers are nobody's.
    return origins == [request.config_dict[PROXIES].origin(request)]


def _is_same_site(request: web.Request) -> bool:
    return _site(request) == ["same-origin"]


def _site(request: web.BaseRequest) -> list[str]:
    return request.headers.getall("Sec-Fetch-Site", [])
