"""Pages are compressed where their length tells nobody anything, and hold their styles for who has none yet."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.settings import Settings
from tests.support.cast import Actor
from tests.web.browser import Browser
from tests.web.raw import ask

FROM_OURS = {"Sec-Fetch-Site": "same-origin"}
FROM_NOWHERE = {"Sec-Fetch-Site": "none"}


@pytest.mark.parametrize(
    ("site", "is_packed"), [("none", True), ("same-origin", True), ("same-site", False), ("cross-site", False)]
)
async def test_a_page_a_foreign_one_asked_for_is_never_compressed(
    client: TestClient[Any, Any], ada: Actor, site: str, is_packed: bool
) -> None:
    answer = await ask(client, b"GET /login HTTP/1.1", b"Accept-Encoding: gzip", f"Sec-Fetch-Site: {site}".encode())
    assert ("Content-Encoding: gzip" in answer.head) is is_packed
    assert "Vary: Accept-Encoding, Sec-Fetch-Site" in answer.head
    assert b"</html>" in (gzip.decompress(answer.body) if is_packed else answer.body)


@pytest.mark.parametrize(
    ("base_url", "is_packed"), [("http://chat.example.org", True), ("https://chat.example.org", False)]
)
async def test_a_browser_that_does_not_say_who_asked_is_trusted_only_where_all_can_be_read_anyway(
    settings: Settings, aiohttp_client: Callable[..., Any], base_url: str, is_packed: bool
) -> None:
    client = await aiohttp_client(TestServer(create_app(replace(settings, base_url=base_url))))
    answer = await ask(client, b"GET /setup HTTP/1.1", b"Accept-Encoding: gzip")
    assert ("Content-Encoding: gzip" in answer.head) is is_packed


@pytest.mark.parametrize(("site", "is_packed"), [("same-origin", True), ("cross-site", False)])
async def test_the_list_of_rooms_is_compressed_as_pages_are(
    client: TestClient[Any, Any], ada: Actor, site: str, is_packed: bool
) -> None:
    who = f"Authorization: Bearer {ada.token}".encode()
    answer = await ask(
        client, b"GET /api/v1/rooms HTTP/1.1", who, b"Accept-Encoding: gzip", f"Sec-Fetch-Site: {site}".encode()
    )
    assert ("Content-Encoding: gzip" in answer.head) is is_packed
    assert json.loads(gzip.decompress(answer.body) if is_packed else answer.body)["rooms"]


async def test_who_does_not_take_gzip_gets_none(stranger: Browser, ada: Actor) -> None:
    page = await stranger.opens("/login", **FROM_OURS, **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in page.headers
    assert "</html>" in page.text


async def test_the_token_of_a_form_is_never_the_same_bytes_twice(stranger: Browser, ada: Actor) -> None:
    tokens = {base64.urlsafe_b64decode((await stranger.opens("/login", **FROM_OURS)).csrf()) for _ in range(3)}
    for start in (0, 32):
        assert len({token[start : start + 8] for token in tokens}) == 3


@pytest.mark.parametrize("path", ["/login", "/nowhere"])
async def test_a_page_that_nothing_led_to_holds_its_styles_and_allows_them_alone(
    stranger: Browser, ada: Actor, path: str
) -> None:
    page = await stranger.opens(path, **FROM_NOWHERE)
    found = re.search(r'<style data-next="[^"]+/app\.css">(.*?)</style>', page.text, re.DOTALL)
    assert found
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["style-src"] == f"'self' 'sha256-{digest}'"
    assert policy["script-src"] == "'self'"
    assert 'rel="stylesheet"' not in page.text


@pytest.mark.parametrize("site", [FROM_OURS, {"Sec-Fetch-Site": "cross-site"}, {}])
async def test_any_other_page_refers_to_the_sheet(stranger: Browser, ada: Actor, site: dict[str, str]) -> None:
    page = await stranger.opens("/login", **site)
    assert "<style" not in page.text
    assert re.search(r'app\.css">', page.text)
    assert "sha256-" not in page.headers["Content-Security-Policy"]
