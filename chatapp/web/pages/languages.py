"""The language of the pages: of a person, and of a browser in which nobody is signed in."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatapp.core import validation
from chatapp.core.language import begin
from chatapp.keys import CHAT, IDENTITY
from chatapp.web import forms
from chatapp.web.language import _, negotiated, remember
from chatapp.web.paths import own_path
from chatapp.web.session import flash
from chatapp.web.templating import see_other


class Language(msgspec.Struct):
    language: str = ""
    next: str = "/"


async def update(request: web.Request) -> web.Response:
    form = await forms.read(request, Language)
    tag = validation.language(form.data.language)
    found = request[IDENTITY]
    if found is not None:
        await request.config_dict[CHAT].accounts.set_language(found.person, tag)
        begin(tag or negotiated(request))
        await flash(request, _("Saved."))
    response = see_other(own_path(form.data.next))
    remember(request, response, tag)
    return response
