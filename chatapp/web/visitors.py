"""What is noted about the browser behind a new session."""

from __future__ import annotations

from typing import TypedDict

from aiohttp import hdrs, web
from aiohttp_session import get_session

from chatapp.core.models import Person
from chatapp.keys import ADDRESS, CHAT, IDENTITY, WHO
from chatapp.web.session import begin


class Visitor(TypedDict):
    address: str
    user_agent: str


def visitor(request: web.Request) -> Visitor:
    """As the headers have it: whoever keeps it makes text of it, and cuts it."""
    return Visitor(address=request[ADDRESS], user_agent=request.headers.get(hdrs.USER_AGENT, ""))


async def enter(request: web.Request, person: Person, secret: str, *, is_remembered: bool = False) -> None:
    """Begin the person's session of that secret in this browser; the one that was there ends, on the server too."""
    before = request[IDENTITY]
    if before is not None:
        await request.config_dict[CHAT].sign_in.log_out(before)
    request[WHO] = person.username
    begin(await get_session(request), secret, is_remembered=is_remembered)


async def welcome(request: web.Request, person: Person) -> None:
    """Sign somebody in who has just proved who they are."""
    secret = await request.config_dict[CHAT].sign_in.start_session(person, remember=False, **visitor(request))
    await enter(request, person, secret)
