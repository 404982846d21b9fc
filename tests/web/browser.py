"""A browser without scripts: cookies, forms as they stand on the page, the headers browsers send."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import ClientResponse, ClientSession, CookieJar, FormData
from aiohttp.test_utils import TestClient
from yarl import URL

from tests.support.cast import PASSWORD

ACCEPT: Final = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"


class Page:
    """An answer, read."""

    def __init__(self, response: ClientResponse, text: str) -> None:
        self.status = response.status
        self.headers = response.headers
        self.cookies = response.cookies
        self.text = text

    @property
    def location(self) -> str:
        return self.headers["Location"]

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        assert found, self.text
        return found[1]

    def value(self, name: str) -> str:
        """What a field holds."""
        found = re.search(rf'<input[^>]*\sname="{name}"[^>]*\svalue="([^"]*)"', self.text)
        assert found, (name, self.text)
        return found[1]


class Browser:
    """One person's browser."""

    def __init__(self, session: ClientSession, base: URL) -> None:
        self.session = session
        self.origin = str(base.origin())

    async def opens(self, path: str, **headers: str) -> Page:
        return await self.sends("GET", path, headers=headers)

    async def submits(self, path: str, *, on: str = "", origin: str | None = None, **fields: Any) -> Page:
        """Fill in the form found on a page and send it; ``origin`` is another site's page when given."""
        page = await self.opens(on or path)
        return await self.posts(path, {"csrf": page.csrf(), **fields}, origin=origin)

    async def posts(self, path: str, fields: Any, *, origin: str | None = None, **headers: str) -> Page:
        data = FormData([(name, str(value)) for name, value in fields.items()]) if isinstance(fields, dict) else fields
        return await self.sends("POST", path, data=data, headers={"Origin": origin or self.origin, **headers})

    async def sends(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Page:
        known = {"Accept": ACCEPT, **(headers or {})}
        async with self.session.request(
            method, URL(path, encoded=True), headers=known, allow_redirects=False, **more
        ) as response:
            return Page(response, await response.text())

    async def makes(self, path: str, **fields: Any) -> Page:
        """As :meth:`submits`, and the page that it leads to."""
        done = await self.submits(path, **fields)
        assert done.status == 303, done.text
        return await self.opens(done.location)

    async def signs_in(self, username: str, password: str = PASSWORD, **fields: Any) -> Page:
        return await self.submits("/login", username=username, password=password, **fields)

    def cookie(self, name: str = "session") -> str:
        found = {cookie.key: cookie.value for cookie in self.session.cookie_jar}
        return found.get(name, "")

    def plant(self, value: str, name: str = "session") -> None:
        self.session.cookie_jar.update_cookies({name: value}, URL(self.origin))


@asynccontextmanager
async def browser(client: TestClient[Any, Any]) -> AsyncIterator[Browser]:
    base = client.make_url("/")
    async with ClientSession(base_url=base, cookie_jar=CookieJar(unsafe=True)) as session:
        yield Browser(session, base)
