"""Pages from templates/: the environment, what every template knows, and what the signed-in shell adds."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import aiohttp_jinja2
import jinja2
from aiohttp import hdrs, web
from aiohttp_session import get_session
from jinja2.ext import Extension

from chatapp import __version__
from chatapp.core import emoji, files, language
from chatapp.core.language import LANGUAGES
from chatapp.core.models import Person
from chatapp.core.text.plain import beginning
from chatapp.keys import CHAT, IDENTITY, SETTINGS
from chatapp.places import folder
from chatapp.web import sizes, words
from chatapp.web.assets import ASSETS
from chatapp.web.csrf import CSRF_KEYS, CsrfToken
from chatapp.web.forms import Form
from chatapp.web.language import _, hour_cycle, ngettext, say_language
from chatapp.web.marks import hue, initials
from chatapp.web.moments import Moments
from chatapp.web.origins import is_arrival
from chatapp.web.packing import pack
from chatapp.web.phrases import phrases
from chatapp.web.proxies import PROXIES
from chatapp.web.reactions import chips, quick_emoji
from chatapp.web.session import take_flashes

UNSENT: Final[Form[Any]] = Form()
_indent: Final = re.compile(r"\n[ \t]+")


class Unindented(Extension):
    """Leaves the templates' indentation out, one byte in twenty of a packed page. What they fill in is kept."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _indent.sub("\n", source)


def setup_templating(app: web.Application, *, is_debug: bool) -> None:
    app[aiohttp_jinja2.APP_KEY] = _environment(is_debug)


# Cached: compiling is slow, and a template is the same for every application of a process.
@cache
def _environment(is_debug: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n", Unindented],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=is_debug,
    )
    environment.policies["ext.i18n.trimmed"] = True
    # As UTF-8: a Chinese letter in three bytes instead of six.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update({"initials": initials, "hue": hue})
    environment.globals.update({"initials": initials, "hue": hue, "beginning": beginning})
    environment.globals.update({"file_about": sizes.about, "file_box": files.box, "file_address": files.address})
    environment.globals.update({"file_picture": files.picture, "file_thumbnail": files.thumbnail})
    environment.globals.update({"chips": chips, "quick_emoji": quick_emoji})
    environment.globals.update({"emoji_table": emoji.table, "emoji_name": emoji.name})
    return environment


async def render(request: web.Request, template: str, *, status: int = 0, **context: Any) -> web.Response:
    """A page of its own. ``status`` is the form's unless given."""
    session = await get_session(request)
    known = {
        **error_context(request),
        "csrf": CsrfToken(request.config_dict[CSRF_KEYS][0], session),
        "flashes": take_flashes(session) if session.get("flashes") else [],
    }
    form: Form[Any] = context.get("form", UNSENT)
    response = aiohttp_jinja2.render_template(template, request, {**known, **context}, status=status or form.status)
    if form.retry_after is not None:
        response.headers[hdrs.RETRY_AFTER] = str(form.retry_after)
    say_language(request, response)
    pack(request, response)
    return response


async def render_shell(
    request: web.Request, template: str, *, slug: str = "", page: dict[str, Any] | None = None, **context: Any
) -> web.Response:
    """A page inside the signed-in shell: with the list of rooms, and what the scripts need to know."""
    me = request[IDENTITY].person  # type: ignore[union-attr]
    sidebar = await request.config_dict[CHAT].rooms.sidebar(me)
    known = {
        "me": {"username": me.username, "display_name": me.display_name, "is_admin": me.is_admin},
        "server": __version__,
        "hour_cycle": hour_cycle(request),
        **({"time_zone": me.time_zone} if me.time_zone else {}),
    }
    return await render(
        request,
        template,
        sidebar=sidebar,
        current_slug=slug,
        command_key="⌘" if "Mac OS X" in request.headers.get(hdrs.USER_AGENT, "") else "Ctrl",
        presence=request.config_dict[CHAT].presence.seen_from(sidebar),
        page={**known, "strings": phrases(), "words": words.url(), **(page or {})},
        **context,
    )


def error_context(request: web.Request) -> dict[str, Any]:
    """What every template knows, and all that a page about an error may rely on: no database, no session."""
    settings = request.config_dict[SETTINGS]
    me = _person(request)
    assets = request.config_dict[ASSETS]
    return {
        "app_name": settings.name,
        "version": __version__,
        "lang": language.current(),
        "dir": language.direction(),
        "languages": LANGUAGES,
        "theme": me.theme if me else "system",
        "density": me.density if me else "",
        "me": me,
        "asset": assets.url,
        # Who comes from a page of ours has the sheet already; anybody else would wait for it a second round trip.
        "sheet": assets.sheet if is_arrival(request) else "",
        "current_path": request.path,
        "here": request.path_qs,
        "registration": settings.registration,
        "base_url": request.config_dict[PROXIES].origin(request),
        **_times(Moments(me.time_zone if me else "", hour_cycle=hour_cycle(request))),
    }


def _times(moments: Moments) -> dict[str, Any]:
    return {
        "now": moments.now,
        "iso": moments.iso,
        "clock": moments.clock,
        "long_time": moments.long_time,
        "ago": moments.ago,
        "wait": moments.wait,
    }


def _person(request: web.Request) -> Person | None:
    identity = request.get(IDENTITY)
    return identity.person if identity else None


def see_other(path: str) -> web.Response:
    """After a form: the answer is another page."""
    return web.Response(status=303, headers={hdrs.LOCATION: path})
