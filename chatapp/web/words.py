"""The words of scripts that are loaded late, under an address that holds a hash of them: cached for ever."""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec
from aiohttp import hdrs, web

from chatapp.core import language
from chatapp.core.errors import NotFound
from chatapp.core.language import LANGUAGES
from chatapp.web.assets import BY_ITSELF, FOREVER, HASH_CHARACTERS
from chatapp.web.phrases import late_phrases


def url() -> str:
    """Where those of the current language are."""
    tag = language.current()
    return f"/words/{tag}/{_digest(tag)}"


async def show(request: web.Request) -> web.Response:
    tag = request.match_info["tag"]
    if tag not in LANGUAGES or request.match_info["digest"] != _digest(tag):
        raise NotFound
    headers = {hdrs.CACHE_CONTROL: FOREVER, **BY_ITSELF}
    return web.Response(body=_body(tag), content_type="application/json", headers=headers)


@cache
def _body(tag: str) -> bytes:
    with language.speaking(tag):
        return msgspec.json.encode(late_phrases())


def _digest(tag: str) -> str:
    return hashlib.sha256(_body(tag)).hexdigest()[:HASH_CHARACTERS]
