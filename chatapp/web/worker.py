"""The service worker, at the one address from which it may serve every page."""

from __future__ import annotations

from aiohttp import hdrs, web

from chatapp.web.assets import ASSETS


async def show(request: web.Request) -> web.Response:
    """Without an address of its own for each version, it is not kept: all pages have the same one after an upgrade."""
    asset = request.config_dict[ASSETS].named("js/worker.js")
    return web.Response(body=asset.body, headers={hdrs.CONTENT_TYPE: asset.content_type})
