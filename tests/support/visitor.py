"""Somebody with a browser in front of a server process: the cookie jar, and forms as the pages print them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import ClientResponse, ClientSession, CookieJar
from yarl import URL

PASSWORD: Final = "correct horse battery"


class Visitor:
    """One browser. Headers of every request can be given, as a proxy would add them."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def opens(self, path: str, **headers: str) -> tuple[int, str]:
        known = {"Accept": "text/html", **headers}
        async with self.session.get(self.url + path, headers=known, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def posts(self, path: str, fields: dict[str, str], *, on: str = "", **headers: str) -> ClientResponse:
        """Send the form that stands on the page; the answer is read."""
        _, page = await self.opens(on or path, **headers)
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found, page
        data = {"csrf": found[1], **fields}
        known = {"Origin": str(URL(self.url).origin()), **headers}
        async with self.session.post(self.url + path, data=data, headers=known, allow_redirects=False) as answer:
            await answer.read()
            return answer

    async def signs_in(self, username: str, password: str = PASSWORD, **headers: str) -> int:
        return (await self.posts("/login", {"username": username, "password": password}, **headers)).status

    async def is_in(self) -> bool:
        async with self.session.get(f"{self.url}/api/v1/me") as answer:
            assert answer.status in {200, 401}
            return answer.status == 200

    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.session.cookie_jar}

    def plants(self, **cookies: str) -> None:
        self.session.cookie_jar.update_cookies(cookies, URL(self.url))


@asynccontextmanager
async def visitor(url: str, **more: Any) -> AsyncIterator[Visitor]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), **more) as session:
        yield Visitor(session, url)
