"""The audit log, for administrators; for others there is no such page."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import hdrs, web

from chatapp.core.audit_log import Wanted
from chatapp.core.errors import BadRequest
from chatapp.keys import CHAT
from chatapp.web import forms, query
from chatapp.web.audit_log import action_names, as_csv, details, wanted
from chatapp.web.identity import actor
from chatapp.web.moments import Moments
from chatapp.web.templating import render_shell

FILTERS: Final = ("who", "action", "since", "until")
# Entries are counted from 1.
NOTHING: Final = Wanted(before=0)


async def index(request: web.Request) -> web.Response:
    me = actor(request)
    asked, form = _asked(request, Moments(me.time_zone))
    entries, has_older = await request.config_dict[CHAT].audit_log.page(me, asked)
    return await render_shell(
        request,
        "admin/audit_log.html",
        entries=entries,
        details=details,
        actions=action_names(),
        form=form,
        **_ways_on(request, entries[-1].id if has_older else None),
    )


async def create(request: web.Request) -> web.Response:
    """A form, not a link: to take the log along is itself an act that is logged."""
    me = actor(request)
    entries = await request.config_dict[CHAT].audit_log.export(me, wanted(request, Moments(me.time_zone)))
    headers = {hdrs.CONTENT_DISPOSITION: 'attachment; filename="audit-log.csv"'}
    return web.Response(text=as_csv(entries), content_type="text/csv", charset="utf-8", headers=headers)


def _asked(request: web.Request, moments: Moments) -> tuple[Wanted, forms.Form[Any]]:
    """What the form asks for, and the form; nothing, with a sentence beside the field, where that cannot be."""
    form = forms.blank(**{name: request.query.get(name, "") for name in FILTERS})
    try:
        return wanted(request, moments), form
    except BadRequest as error:
        return NOTHING, form.refused(error)


def _ways_on(request: web.Request, older_than: int | None) -> dict[str, Any]:
    filters = {name: request.query[name] for name in FILTERS if request.query.get(name)}
    return {
        "export_url": query.address("/admin/audit/export", **filters),
        "newest_url": query.address("/admin/audit", **filters) if "before" in request.query else None,
        "older_url": query.address("/admin/audit", **filters, before=str(older_than)) if older_than else None,
    }
