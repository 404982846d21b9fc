"""The page on which a room is named, its members are kept, and each says how much of it they want to hear of."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from chatapp.domain.access import may_manage
from chatapp.keys import CHAT
from chatapp.web.forms import Form, blank
from chatapp.web.identity import actor
from chatapp.web.templating import render_shell


async def settings_page(request: web.Request, form: Form[Any] | None = None) -> web.Response:
    """With ``form`` when it was refused. A direct room has nothing to set but one's own level."""
    chat, me, slug = request.config_dict[CHAT], actor(request), request.match_info["slug"]
    view = await chat.rooms.show(me, slug)
    members = await chat.memberships.members(me, slug)
    inside = {member.username for member in members}
    people = [person.username for person in await chat.people.all(me) if person.username not in inside]
    known = {"name": view.room.name, "topic": view.room.topic, "username": ""}
    return await render_shell(
        request,
        "rooms/direct_settings.html" if view.room.kind == "direct" else "rooms/settings.html",
        slug=slug,
        view=view,
        members=members,
        people=people if view.is_member else [],
        may_manage=may_manage(me, view.role),
        # The page has two forms, and what was sent is one of them.
        form=form.also({**known, **form.values}) if form else blank(**known),
    )
