"""Every cookie a login sets, not only the session: who may read it, who may send it, where it goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from http.cookies import Morsel
from typing import Any

from aiohttp.test_utils import TestServer

from chatapp.app import create_app
from chatapp.keys import CHAT
from chatapp.settings import Settings
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser

LARGEST = 4096


def is_kept_close(cookie: Morsel[str]) -> bool:
    """Neither scripts nor other sites nor other hosts get it, and a browser stores it."""
    is_small = len(cookie.key) + len(cookie.value) <= LARGEST
    has_bounds = cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["domain"]
    return bool(cookie["httponly"]) and has_bounds and is_small


async def test_no_cookie_of_a_login_is_for_scripts_other_sites_or_other_hosts(stranger: Browser, ada: Actor) -> None:
    cookies = (await stranger.signs_in(ada.username)).cookies
    assert set(cookies) == {"session", "device"}
    assert [name for name, cookie in cookies.items() if not is_kept_close(cookie)] == []


async def test_behind_https_every_cookie_is_secure_and_bound_to_the_host(
    settings: Settings, aiohttp_client: Callable[..., Any]
) -> None:
    app = create_app(replace(settings, base_url="https://chat.example.org"))
    client = await aiohttp_client(TestServer(app))
    await app[CHAT].accounts.add(username="ada", email="ada@example.org", password=PASSWORD)
    form = await client.get("/login")
    found = re.search(r'name="csrf" value="([^"]+)"', await form.text())
    assert found
    headers = {
        # By hand: what is Secure is not sent back over http.
        "Cookie": f"__Host-session={form.cookies['__Host-session'].value}",
        "Origin": "https://chat.example.org",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    fields = {"csrf": found[1], "username": "ada", "password": PASSWORD}
    answer = await client.post("/login", data=fields, headers=headers, allow_redirects=False)
    assert (answer.status, set(answer.cookies)) == (303, {"__Host-session", "__Host-device"})
    assert all(cookie["secure"] and is_kept_close(cookie) for cookie in answer.cookies.values())
