"""A chat in this process for texts that mean harm: the doors they come in by, and the eyes of a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, CookieJar, web
from playwright.async_api import Page

from chatapp.app import create_app
from chatapp.core.errors import ChatError
from chatapp.core.models import Person
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from tests.support.cast import PASSWORD
from tests.support.drawn import shown
from tests.support.engine import settings_on

MOST: Final = 8000
FORM: Final = "application/x-www-form-urlencoded"

# [row's index, what it is to read] for each message: what is not shown so, or holds what never comes out.
MESSAGES: Final = r"""
expected => expected.flatMap(([index, text]) => {
  const body = document.querySelector(`#m${index} .bd`);
  const plain = (words) => words.replace(/\r\n?/g, "\n");
  if (!body) return [`${index} is not shown`];
  const wrong = plain(body.textContent) === plain(text) ? [] : [`${index} reads ${body.textContent.slice(0, 99)}`];
  for (const element of body.querySelectorAll("*")) {
    const names = [...element.attributes].map((each) => each.name).filter((name) => name !== "tabindex").sort().join();
    const isLink = /^href,rel,target(,title)?$/.test(names) && element.target === "_blank"
      && element.rel === "nofollow noopener noreferrer" && ["http:", "https:", "mailto:"].includes(element.protocol);
    const isHarmless = element.localName === "a" ? isLink
      : /^(p|br|em|strong|s|code|pre|blockquote|[uo]l|li|t(able|head|body|[rhd])|div|span|bdi)$/.test(element.localName)
        && /^(class|dir|start|class,data-mention)?$/.test(names);
    if (!isHarmless) wrong.push(`${index} holds ${element.outerHTML.slice(0, 99)}`);
  }
  return wrong;
})
"""
# Pages as text: for each the names of its elements and attributes, and where its addresses lead.
SHAPES: Final = r"""
pages => pages.map((html) => {
  const found = new DOMParser().parseFromString(html, "text/html");
  const lead = (value) => { try { return new URL(value, "http://here.test").origin; } catch { return value; } };
  const attribute = ({ name, value }) => (/^(href|src|action|formaction|data)$/.test(name) ? `${name}=${lead(value)}`
    : /^(style|srcdoc|on.*)$/.test(name) ? `${name}=${value}` : name);
  const shape = (each) => `${each.localName} ${[...each.attributes].map(attribute).sort()}`;
  return [...found.querySelectorAll("*")].map(shape).join("\n");
})
"""
# The values of fields, as they were written into the page.
VALUES: Final = r"""
pages => pages.map((html) => {
  const found = new DOMParser().parseFromString(html, "text/html");
  return [...found.querySelectorAll("input, textarea")].map((each) => each.getAttribute("value") ?? each.textContent);
})
"""


@dataclass
class House:
    """A running chat with limits off, and one HTTP client for each person who needs one."""

    chat: Chat
    url: str
    people: dict[str, Person]
    tokens: dict[str, str]

    @asynccontextmanager
    async def browses(self, username: str = "") -> AsyncIterator[Browsing]:
        async with ClientSession(self.url, cookie_jar=CookieJar(unsafe=True)) as session:
            visitor = Browsing(session, self.url)
            if username:
                await visitor.posts("/login", username=username, password=PASSWORD)
            yield visitor

    def bearer(self, username: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[username]}"}

    async def contents(self, room: str) -> list[str]:
        """Everything in a room's log, oldest first."""
        found: list[str] = []
        while page := (await self.chat.messages.after(self.people["ada"], room, len(found), 100)).messages:
            found += [message.content for message in page]
        return found


@dataclass
class Browsing:
    """Pages fetched without a browser, to be read by one."""

    session: ClientSession
    url: str
    csrf: str = ""

    async def opens(self, path: str) -> str:
        async with self.session.get(path, headers={"Accept": "text/html"}, allow_redirects=False) as answer:
            return await self._read(answer.status, await answer.text())

    async def posts(self, path: str, **fields: str) -> str:
        if not self.csrf:
            await self.opens("/rooms/new")
        if not self.csrf:
            await self.opens("/login")
        headers = {"Accept": "text/html", "Origin": self.url}
        data = {"csrf": self.csrf, **fields}
        async with self.session.post(path, data=data, headers=headers, allow_redirects=False) as answer:
            if path == "/login" and answer.status == 303:
                self.csrf = ""
            return await self._read(answer.status, await answer.text())

    async def _read(self, status: int, text: str) -> str:
        assert status < 500, text
        if found := re.search(r'name="csrf" value="([^"]+)"', text):
            self.csrf = found[1]
        return text


Door = Callable[[House, str, str], Awaitable[None]]


@asynccontextmanager
async def open_house(data: Path, *usernames: str) -> AsyncIterator[House]:
    app = create_app(settings_on(data, limits=False, durability="normal"))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        chat = app[CHAT]
        people = {name: await add(chat, name, is_admin=name == "ada") for name in usernames}
        tokens = {name: (await chat.sign_in.create_token(people[name], "tests", None))[1] for name in people}
        yield House(chat, f"http://127.0.0.1:{runner.addresses[0][1]}", people, tokens)
    finally:
        await runner.cleanup()


async def add(chat: Chat, username: str, display_name: str = "", *, is_admin: bool = False) -> Person:
    email = f"{username}@example.org"
    return await chat.accounts.add(
        username=username, email=email, password=PASSWORD, display_name=display_name, is_admin=is_admin
    )


async def accepted(texts: Sequence[str], take: Callable[[int, str], Awaitable[Any]]) -> dict[int, str]:
    """Those that are taken and not refused, by their place."""
    found = {}
    for place, text in enumerate(texts):
        try:
            await take(place, text)
        except ChatError:
            continue
        found[place] = text
    return found


# The doors that a message comes in by: each sends all texts, in order, and does not mind refusals


async def by_form(house: House, room: str, texts: Sequence[str]) -> None:
    async with house.browses("ada") as ada:
        await ada.opens(f"/rooms/{room}")
        for text in texts:
            if is_encodable(text):
                await ada.posts(f"/rooms/{room}/messages", content=text)


async def by_rest(house: House, room: str, texts: Sequence[str]) -> None:
    async with ClientSession(house.url, headers=house.bearer("ada")) as session:
        for text in texts:
            async with session.post(f"/api/v1/rooms/{room}/messages", json={"content": text}) as answer:
                assert answer.status in {201, 413, 422}, (answer.status, text)


async def by_socket(house: House, room: str, texts: Sequence[str]) -> None:
    await _say(house, "/ws", [{"action": "sendMessage", "room": room, "content": text, "ref": 1} for text in texts])


async def by_room_socket(house: House, room: str, texts: Sequence[str]) -> None:
    await _say(house, f"/rooms/{room}/ws", [{"action": "sendMessage", "content": text} for text in texts])


async def _say(house: House, path: str, frames: list[dict[str, Any]]) -> None:
    async with (
        ClientSession(house.url, headers=house.bearer("ada")) as session,
        session.ws_connect(path, max_msg_size=0) as ws,
    ):
        if path == "/ws":
            await ws.receive(timeout=20)
        for frame in frames:
            await ws.send_str(json.dumps(frame))
            await ws.receive(timeout=20)


async def wrong_messages(page: Page, numbered: Sequence[tuple[int, str]]) -> list[str]:
    """What a room's page does not show as the text it is, signs of Markdown aside."""
    found: list[str] = await page.evaluate(MESSAGES, [[index, shown(text)] for index, text in numbered])
    return found


def is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
