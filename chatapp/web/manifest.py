"""What a browser needs to know to install the chat as an app (W3C Web Application Manifest)."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatapp.core.events import encode
from chatapp.keys import SETTINGS
from chatapp.web.assets import ASSETS, TYPES

LIGHT: Final = "#f2f5f8"
ICONS: Final = (
    ("app-192", "192x192", "any"),
    ("app-512", "512x512", "any"),
    ("app-maskable-512", "512x512", "maskable"),
)


async def show(request: web.Request) -> web.Response:
    """The same for everybody: browsers ask for it without saying who they are."""
    url = request.config_dict[ASSETS].url
    manifest = {
        "id": "/",
        "name": request.config_dict[SETTINGS].name,
        "short_name": request.config_dict[SETTINGS].name,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": LIGHT,
        "theme_color": LIGHT,
        "icons": [
            {"src": url(f"icons/{name}.png"), "sizes": sizes, "type": TYPES[".png"], "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
    }
    return web.Response(body=encode(manifest), content_type=TYPES[".webmanifest"])
