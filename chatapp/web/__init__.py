"""The pages and the REST API: HTTP in, one sentence of the domain, HTML or JSON out."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from aiohttp_session import session_middleware

from chatapp.keys import SETTINGS
from chatapp.web.assets import ASSETS, shipped
from chatapp.web.csrf import CSRF_KEYS, csrf
from chatapp.web.identity import identity
from chatapp.web.middlewares import add_headers, observe, refuse_unreadable
from chatapp.web.pace import pace
from chatapp.web.proxies import PROXIES, Proxies
from chatapp.web.routes import setup_routes
from chatapp.web.session import SessionStorage
from chatapp.web.templating import setup_templating
from chatapp.web.voices import errors


def setup(
    app: web.Application, *, session_keys: Sequence[str], csrf_keys: Sequence[str], is_debug: bool = False
) -> None:
    """Make ``app`` serve pages and REST. It holds SETTINGS already and CHAT before the first request.

    ``session_keys`` are keys of a ``Sealer``; of both lists the current one stands first.
    """
    settings = app[SETTINGS]
    app[PROXIES] = Proxies(settings.trusted_proxies, settings.base_url)
    app[ASSETS] = shipped(is_debug=is_debug)
    app[CSRF_KEYS] = tuple(key.encode() for key in csrf_keys)
    sessions = SessionStorage(session_keys, is_https=settings.is_https, days=settings.session_days)
    app.middlewares.extend(
        [
            observe,
            errors,
            session_middleware(sessions),
            # Again inside, so that the cookie is kept or taken away on pages about errors too.
            errors,
            refuse_unreadable,
            identity,
            pace,
            csrf,
        ]
    )
    app.on_response_prepare.append(add_headers)
    setup_templating(app, is_debug=is_debug)
    setup_routes(app)
