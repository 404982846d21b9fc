"""A program that uses REST with a token in its hand."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.support.cast import Actor
from tests.web.browser import Browser, Page

MESSAGES: Final = "/api/v1/rooms/general/messages"
CHANGES: Final = "/api/v1/rooms/general/changes"


class Script:
    """A program with a token."""

    def __init__(self, browser: Browser, actor: Actor) -> None:
        self._browser = browser
        self._bearer = actor.bearer

    async def calls(self, method: str, path: str, body: Any = None, **headers: str) -> Page:
        known = {"Accept": "*/*", **self._bearer, **headers}
        more = {} if body is None else {"data": body if isinstance(body, bytes) else json.dumps(body).encode()}
        if body is not None:
            known.setdefault("Content-Type", "application/json")
        return await self._browser.sends(method, path, headers=known, **more)

    async def gets(self, path: str) -> Any:
        page = await self.calls("GET", path)
        assert page.status == 200, page.text
        return json.loads(page.text)


def problem(page: Page) -> tuple[int, str]:
    return page.status, json.loads(page.text)["code"]


def indexes(data: Any) -> list[int]:
    return [message["index"] for message in data["messages"]]
