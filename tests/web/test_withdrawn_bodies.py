"""A session that ends while the body of a request comes in, which may take long: what was sent is not done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from aiohttp import FormData

from chatapp.core.models import Identity, Person
from chatapp.domain.chat import Chat
from tests.support.cast import Actor
from tests.web.browser import Browser, Page
from tests.web.script import MESSAGES, Script

FORM: Final = "/rooms/general/messages"


class Ending:
    """Ends all sessions of somebody, from somewhere else, once it is known who sends a request."""

    def __init__(self, chat: Chat, person: Person) -> None:
        self._sign_in = chat.sign_in
        self._person = person
        self._by_session = chat.sign_in.by_session
        self.is_known = asyncio.Event()

    async def by_session(self, secret: str) -> Identity | None:
        found = await self._by_session(secret)
        self.is_known.set()
        return found

    async def comes(self) -> None:
        async with asyncio.timeout(5):
            await self.is_known.wait()
        for session in await self._sign_in.sessions(self._person):
            await self._sign_in.log_out(Identity(self._person, session_digest=session.digest))


@pytest.fixture
def ending(graces: Browser, chat: Chat, grace: Actor, monkeypatch: pytest.MonkeyPatch) -> Ending:
    ending = Ending(chat, grace.person)
    monkeypatch.setattr(chat.sign_in, "by_session", ending.by_session)
    return ending


async def halted(body: bytes, ending: Ending) -> AsyncIterator[bytes]:
    """A body of which the last byte is late."""
    yield body[:-1]
    await ending.comes()
    yield body[-1:]


async def sends(visitor: Browser, path: str, kind: str, body: bytes, ending: Ending) -> Page:
    ending.is_known.clear()
    headers = {"Origin": visitor.origin, "Content-Type": kind}
    return await visitor.sends("POST", path, data=halted(body, ending), headers=headers)


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        (MESSAGES, "application/json", b'{"content": "late"}'),
        (MESSAGES, "text/plain", b"late"),
        ("/api/v1/rooms", "application/json", b'{"name": "late"}'),
        ("/api/v1/files?room=general&name=late.txt", "application/octet-stream", b"late"),
    ],
)
async def test_rest_does_nothing_for_who_was_signed_out_meanwhile(
    graces: Browser, ending: Ending, ada_script: Script, path: str, kind: str, body: bytes
) -> None:
    assert (await sends(graces, path, kind, body, ending)).status == 401
    assert (await ada_script.gets(MESSAGES))["messages"] == []
    assert [room["name"] for room in (await ada_script.gets("/api/v1/rooms"))["rooms"]] == ["general"]


@pytest.mark.parametrize("files", [{}, {"late.txt": b"late"}])
async def test_forms_do_nothing_either(
    graces: Browser, ending: Ending, ada_script: Script, files: dict[str, bytes]
) -> None:
    data = FormData(default_to_multipart=True)
    csrf = (await graces.opens("/rooms/general")).csrf()
    for name, value in {"csrf": csrf, "client_id": "", "content": "late"}.items():
        data.add_field(name, value)
    for name, content in files.items():
        data.add_field("files", content, filename=name)
    form = data()
    answer = await sends(graces, FORM, form.headers["Content-Type"], await written(form), ending)
    assert (answer.status, answer.location) == (303, "/login?next=/&ended=untaken")
    assert (await ada_script.gets(MESSAGES))["messages"] == []


async def written(form: Any) -> bytes:
    """As it goes over the wire."""
    parts: list[bytes] = []

    class Writer:
        async def write(self, part: bytes) -> None:
            parts.append(bytes(part))

    await form.write(Writer())
    return b"".join(parts)
